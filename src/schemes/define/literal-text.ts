/** Escapes a text for a template: braces and brackets stand for themselves. */
export const literalText = (text: string): string => text.replace(/[{}[\]]/g, '$&$&');
