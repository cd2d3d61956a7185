/** Mail to the buyer and webhook to the shop. They look first: a message that was sent is not sent again (rule 8). */
import { finishMessage, loadMessage, noteUnreadable, type OutgoingMessage } from '../db/messages.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { textsFor } from '../domain/templates.ts';
import { shownParts } from '../integrations/keyring/goods.ts';
import { KeyringError } from '../integrations/keyring/kek.ts';
import { deliveryMail, smsText } from '../integrations/delivery-mail.ts';
import { cardAad, contactAad, type Keyring } from '../integrations/keyring/keyring.ts';
import { MailError } from '../integrations/mail.ts';
import { OutboundError } from '../integrations/outbound.ts';
import { openWebhookSecrets, signWebhookByEach } from '../integrations/webhook.ts';
import type { ActivityDeps } from './deps.ts';
import { deliveryFailure } from './failures.ts';

/** The message if it is still to be sent. */
async function pending(deps: ActivityDeps, messageId: number): Promise<OutgoingMessage | undefined> {
  const message = await loadMessage(deps.pool, messageId);
  return message?.state === 'pending' && message.releasedAt ? message : undefined;
}

/** Keys that cannot be opened are told at once, not after a day of tries: the pickup page cannot show them either. */
async function opening<T>(deps: ActivityDeps, message: OutgoingMessage, open: () => T): Promise<T> {
  try {
    return open();
  } catch (error) {
    // A key that another process has just made is read, and the step comes again at once.
    if (error instanceof KeyringError && error.code !== 'UNKNOWN_KEY') await noteUnreadable(deps.pool, message.orderId);
    throw error;
  }
}

/** Opens the goods of a message. The caller hands them to the buyer's mail and nowhere else. */
export function openCards(keyring: Keyring, message: Pick<OutgoingMessage, 'productId' | 'cards'>): string[] {
  return message.cards.map((card) =>
    keyring.open('card', card.ciphertext, cardAad(message.productId, card.fingerprint)).toString('utf8'),
  );
}

function mailOf(
  deps: ActivityDeps,
  message: OutgoingMessage,
  contact: Buffer,
): { to: string; mail: ReturnType<typeof deliveryMail> } {
  const aad = contactAad(message.orderNo);
  const mail = deliveryMail({
    locale: message.locale,
    orderNo: message.orderNo,
    productName: message.productName,
    test: message.mode === 'test',
    goods: openCards(deps.keyring, message).map((text) => shownParts(text, message.labels, message.locale)),
    sku: message.sku,
    quantity: message.quantity,
    texts: textsFor(message.texts, message.locale),
    pickupUrl: `${deps.publicUrl}/pickup#${deps.keyring.open('contact', message.token, aad).toString('utf8')}`,
  });
  return { to: deps.keyring.open('contact', contact, aad).toString('utf8'), mail };
}

/**
 * At least once: if the worker dies between the server's yes and our row, the same mail goes out again under the same
 * Message-ID, and mail programs show it once.
 */
export async function sendMail(deps: ActivityDeps, messageId: number): Promise<void> {
  const message = await pending(deps, messageId);
  if (!message?.contact) return;
  const { contact } = message;
  const { to, mail } = await opening(deps, message, () => mailOf(deps, message, contact));
  try {
    await deps.mailer.send({
      to,
      ...mail,
      messageId: `<order-${message.orderNo}-${message.id}@${new URL(deps.publicUrl).hostname}>`,
      date: message.createdAt,
    });
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    if (!error.permanent) throw deliveryFailure('MAIL_SILENT');
    await finishMessage(deps.pool, message, 'failed', 'MAIL_REJECTED');
    return;
  }
  await deps.fault?.('mail:accepted', message.orderId);
  await finishMessage(deps.pool, message, 'sent');
}

/** Number and state, no goods (rule 12). Signed by the Standard Webhooks scheme; the id is the same on each try. */
export async function sendWebhook(deps: ActivityDeps, messageId: number): Promise<void> {
  const message = await pending(deps, messageId);
  if (!message?.webhookUrl || !message.webhookSecret) {
    if (message) await finishMessage(deps.pool, message, 'failed', 'WEBHOOK_FAILED');
    return;
  }
  const id = `msg_${message.id}`;
  const at = Math.floor(Date.now() / 1000);
  const sms = smsText({
    orderNo: message.orderNo,
    productName: message.productName,
    test: message.mode === 'test',
    sku: message.sku,
    quantity: message.quantity,
    texts: textsFor(message.texts, message.locale),
    queryUrl: `${deps.publicUrl}/query`,
  });
  const body = JSON.stringify({
    type: 'order.delivered',
    timestamp: message.releasedAt?.toISOString(),
    data: {
      orderNo: message.orderNo,
      sku: message.sku,
      quantity: message.quantity,
      mode: message.mode,
      state: 'delivered',
      // For shops that have the buyer's number: the text that the order was sold with.
      ...(sms !== undefined && { sms }),
    },
  });
  const secrets = await opening(deps, message, () => openWebhookSecrets(deps.keyring, message.shopId, message));
  try {
    const answer = await deps.outbound.request({
      method: 'POST',
      url: message.webhookUrl,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(at),
        'webhook-signature': signWebhookByEach(secrets, id, at, body),
      },
      body,
    });
    if (answer.status < 200 || answer.status > 299) throw deliveryFailure('WEBHOOK_FAILED');
  } catch (error) {
    if (error instanceof OutboundError) throw deliveryFailure('WEBHOOK_FAILED');
    throw error;
  }
  await deps.fault?.('webhook:accepted', message.orderId);
  await finishMessage(deps.pool, message, 'sent');
}

/** A day of failures: the message is given up, and a task says so with the reason of the last try. */
export async function giveUpMessage(deps: ActivityDeps, messageId: number, code?: ErrorCode): Promise<void> {
  const message = await pending(deps, messageId);
  if (!message) return;
  const usual = message.kind === 'webhook' ? 'WEBHOOK_FAILED' : 'MAIL_SILENT';
  await finishMessage(deps.pool, message, 'failed', code === 'KEY_UNREADABLE' ? code : usual);
}
