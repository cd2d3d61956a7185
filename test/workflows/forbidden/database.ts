/** What workflow code must not do: see ../bundle.test.ts. */
import { createPool } from '../../../db/sql.ts';

export const queries = createPool;
