import { budgets, type LimitClass } from '@causerie/contract/limits';

function rateOf(perSecond: number): string {
  return perSecond >= 1 ? `${perSecond} a second` : `1 every ${Math.round(1 / perSecond)} seconds`;
}

/** Describes a rate limit in the documents. */
export function limitDescription(limit: LimitClass): string {
  const { burst, perSecond } = budgets[limit];
  return `Rate limit \`${limit}\`: ${burst} at once, then ${rateOf(perSecond)}.`;
}

/** The same rate limit in a form for programs. */
export function limitExtension(limit: LimitClass): { class: LimitClass; burst: number; perSecond: number } {
  const { burst, perSecond } = budgets[limit];
  return { class: limit, burst, perSecond: Number(perSecond.toFixed(4)) };
}
