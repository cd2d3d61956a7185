/** The attributes of messages.ts as a server's command line wants them. No imports: starters of servers read it too. */
export const searchAttributes = [
  ['OrderNo', 'Keyword'],
  ['Sku', 'Keyword'],
  ['OrderState', 'Keyword'],
  ['FailureCode', 'Keyword'],
] as const;
