/**
 * Styles that the widgets make while they run carry the page's nonce. antd gives it to its own, but not to those of its
 * parts that measure scrollbars and lock scrolling; the policy refuses them, and each refusal is an error of the page.
 */
/* eslint-disable @typescript-eslint/no-deprecated -- only its overload for obsolete elements is; the function has no other name */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';

const create = document.createElement.bind(document);
document.createElement = (tag: string, options?: ElementCreationOptions): HTMLElement => {
  const element = create(tag, options);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
