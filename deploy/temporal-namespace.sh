#!/bin/sh
# Namespace `default` with 30 days of retention, and the search attributes of orders; safe to run at every start.
set -eu
temporal operator namespace create --namespace default --retention 30d ||
  temporal operator namespace update --namespace default --retention 30d
for name in OrderNo Sku OrderState FailureCode; do
  temporal operator search-attribute create --namespace default --name "$name" --type Keyword || true
done
