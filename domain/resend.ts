/** 卡密重发 (F2): the goods once more, to the same contact, so often and no oftener. */

/** Within {@link resendHours}. Somebody who has the link must not fill a mailbox, nor spend the sender's reputation. */
export const resendLimit = 3;
export const resendHours = 24;
