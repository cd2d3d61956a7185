# One image for api, worker and migrate; the command chooses. Built in stages so that no compiler or test tool ships.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:24.21.0-bookworm-slim AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Temporal's native core comes for every platform and with its sources; 120 MB of that is for others.
RUN npm ci --ignore-scripts --omit=dev \
  && cd node_modules/@temporalio/core-bridge \
  && test -d "releases/$(uname -m)-unknown-linux-gnu" \
  && find releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} + \
  && rm -r sdk-core

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
# Temporal's native core verifies TLS with the system's certificates.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tini && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY db/migrations ./db/migrations
COPY package.json LICENSE ./
USER node
EXPOSE 3000
ENTRYPOINT ["tini", "--"]
CMD ["node", "--enable-source-maps", "dist/api/main.js"]
