/** The suppliers that can be bought from. Adding one is a file, a line here, and a set of fixtures for the contract test. */
import { acgFaka } from './acg-faka.ts';
import { fulu } from './fulu.ts';
import type { SupplierAdapter } from './supplier.ts';

export const suppliers: ReadonlyMap<string, SupplierAdapter> = new Map([acgFaka, fulu].map((s) => [s.id, s]));
