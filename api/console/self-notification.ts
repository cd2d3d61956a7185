/**
 * The step "signature" of the callback check. Where both sides hold the secret, a notification of our own making goes to
 * the public address and must be acknowledged; where only the provider signs, its signed answer to a question proves that
 * its key is the right one. Either shows 自测 at best: green is a real payment's alone.
 */
import { randomBytes } from 'node:crypto';
import { makeOrderNo, orderNoBytes } from '../../domain/ids.ts';
import { OutboundError, type Outbound } from '../../integrations/outbound.ts';
import { QueryUnknown, type PaymentProvider, type ProviderAccount } from '../../integrations/payments/provider.ts';
import { step, type Step } from '../../integrations/payments/self-test.ts';

type Signature = Step<'signature'>;
const tested = (zh: string, en: string): Signature => step('signature', 'self_tested', zh, en);
const failed = (zh: string, en: string): Signature => step('signature', 'failed', zh, en);

export async function checkSignature(
  provider: PaymentProvider,
  account: ProviderAccount,
  notifyUrl: string,
  outbound: Outbound,
): Promise<Signature> {
  const [problem] = provider.checkConfig(account.config);
  if (problem) return failed(problem.zh, problem.en);
  // Of an order that does not exist, and not paid: nothing can come of it.
  const orderNo = makeOrderNo(new Date(), randomBytes(orderNoBytes));
  if (provider.selfNotification) return notifyOurselves(provider, account, orderNo, notifyUrl, outbound);
  return provider.canQuery ? askForSignature(provider, account, orderNo, outbound) : keysFit;
}

const keysFit = tested('密钥格式和配对正确（自测）', 'The keys are whole and fit each other (self-test)');

async function notifyOurselves(
  provider: PaymentProvider,
  account: ProviderAccount,
  orderNo: string,
  notifyUrl: string,
  outbound: Outbound,
): Promise<Signature> {
  const made = provider.selfNotification?.(account, orderNo, new Date());
  if (!made) return keysFit;
  const verdict = provider.verify(account, { ...made, receivedAt: new Date() });
  if (!verdict.ok) return failed(`自制的测试通知没有通过验签（${verdict.code}）`, `A notification of our own was refused (${verdict.code})`); // prettier-ignore
  try {
    const answer = await outbound.request({
      method: made.method === 'GET' ? 'GET' : 'POST',
      url: made.query === '' ? notifyUrl : `${notifyUrl}?${made.query}`,
      headers: made.headers as Readonly<Record<string, string>>,
      ...(made.method !== 'GET' && { body: made.body }),
      timeoutMs: 6_000,
    });
    const { accepted } = provider.acknowledge;
    if (answer.status === accepted.status && answer.body.toString('utf8') === accepted.body)
      return tested('自制的测试通知经公网地址送达，并通过验签（自测）', 'A notification of our own came by the public address and was accepted (self-test)'); // prettier-ignore
    return failed(`测试通知送到公网地址后，应答不正确（HTTP ${answer.status}）。请检查反向代理是否改动了请求或应答`, `The public address answers it wrongly (HTTP ${answer.status}): does the proxy change requests or answers?`); // prettier-ignore
  } catch (error) {
    if (error instanceof OutboundError && ['BLOCKED_ADDRESS', 'INSECURE'].includes(error.code))
      return tested('自制的测试通知在本机通过验签（自测）', 'A notification of our own was accepted on this machine (self-test)'); // prettier-ignore
    const code = error instanceof OutboundError ? error.code : 'BROKEN';
    return failed(`测试通知没有送达公网地址（${code}）`, `It did not reach the public address (${code})`);
  }
}

async function askForSignature(
  provider: PaymentProvider,
  account: ProviderAccount,
  orderNo: string,
  outbound: Outbound,
): Promise<Signature> {
  try {
    await provider.query(account, { orderNo }, outbound);
    return tested('支付平台的应答已用您填写的密钥验签通过（自测）', "The provider's answer verifies with the keys that you gave (self-test)"); // prettier-ignore
  } catch (error) {
    if (!(error instanceof QueryUnknown)) throw error;
    if (error.detail !== undefined && /SIGN/i.test(error.detail))
      return failed(`支付平台的应答没有通过验签（${error.detail}），请检查平台公钥或证书与商户密钥`, `The provider's answer does not verify (${error.detail}): check its public key or certificate, and your own key`); // prettier-ignore
    return tested(`密钥格式和配对正确；没有得到支付平台的应答（${error.detail ?? error.code}）`, `The keys are whole; the provider did not answer (${error.detail ?? error.code})`); // prettier-ignore
  }
}
