/** The response header that tells a caller that its secret retires, and when. */
export const retirementField = 'X-API-Secret-Retires';

/** Unix time in whole seconds, decimal. */
export const retirementValue = (retiresAt: number): string => `${Math.floor(retiresAt / 1000)}`;
