/** Which tasks end with their order's trouble, and which need an answer of their own. */

/**
 * SQL condition on `tasks.code`: those that are over once the order goes on or ends. Money that came wrong (rule 10), mail
 * that was refused and requests by Signal are answered by a person.
 */
export const endsWithTrouble = `(code not like 'PAYMENT\\_%' and code not like 'REFUND\\_%' or code = 'PAYMENT_UNCONFIRMED')
       and code not in ('MAIL_REJECTED', 'MAIL_SILENT', 'WEBHOOK_FAILED', 'SIGNAL_REQUEST')`;
