/** Structured logs. Known places of secrets are redacted by path; nothing else may be passed that holds one. */
import { pino, type Logger } from 'pino';
import { logSink } from './log-sink.ts';

const secrets = [
  'authorization', 'cookie', 'password', 'secret', 'token', 'key', 'contact', 'remark', 'body', 'ciphertext', 'config', 'databaseUrl', 'smtpUrl',
]; // prettier-ignore

/** `file` is an open file descriptor that the lines go to. */
export function createLogger(name: string, level: string, file: number = process.stdout.fd): Logger {
  const options = {
    name,
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    serializers: { err: safeError },
  };
  return pino(options, logSink(file));
}

/**
 * A database error carries rows in `detail` ("Key (fingerprint)=(…) already exists"), an HTTP one its URL: keep name,
 * code and the first line, and the stack for finding the place.
 */
export function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as Error & { code?: unknown }).code;
  return {
    type: error.name,
    code: typeof code === 'string' ? code : undefined,
    message: error.message.split('\n')[0]?.slice(0, 300),
    stack: error.stack?.split('\n').slice(1, 8).join('\n'),
    ...(error.cause instanceof Error && { cause: safeError(error.cause) }),
  };
}
