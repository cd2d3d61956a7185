/** Mail by SMTP. Errors say whether trying again can help, never to whom or what. */
import nodemailer from 'nodemailer';

export interface OutgoingMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same on each try, so that a repeated mail shows once. */
  readonly messageId: string;
  readonly date?: Date;
}

export interface Mailer {
  send(mail: OutgoingMail): Promise<void>;
  verify(): Promise<void>;
  close(): void;
}

export class MailError extends Error {
  /** The server refused this recipient or content for good. */
  readonly permanent: boolean;
  readonly code: string;
  constructor(permanent: boolean, code: string) {
    super(`mail failed: ${code}`);
    this.name = 'MailError';
    this.permanent = permanent;
    this.code = code;
  }
}

interface SmtpFailure {
  readonly code?: string;
  readonly responseCode?: number;
}

function toMailError(error: unknown): MailError {
  const { code = 'UNKNOWN', responseCode } = error as SmtpFailure;
  // 5xx after RCPT or DATA is final; 5xx at login (535) is our configuration and may be mended.
  const refused = responseCode !== undefined && responseCode >= 500 && responseCode < 600;
  const permanent = (refused && code !== 'EAUTH') || (code === 'EENVELOPE' && responseCode === undefined);
  return new MailError(permanent, responseCode ? `${code} ${responseCode}` : code);
}

export function createMailer(options: { readonly smtpUrl: string; readonly from: string }): Mailer {
  const transport = nodemailer.createTransport({
    url: options.smtpUrl,
    pool: true,
    maxConnections: 5,
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail) {
      if (/[\r\n]/.test(mail.to + mail.subject + mail.messageId)) throw new MailError(true, 'LINE_BREAK');
      try {
        await transport.sendMail({ from: options.from, ...mail });
      } catch (error) {
        throw toMailError(error);
      }
    },
    async verify() {
      await transport.verify();
    },
    close: () => transport.close(),
  };
}
