/**
 * The address of the documentation: the folder in the package, until there is a site. `countersign --help` names it, and a test
 * holds to it the `help` of errors, `homepage` in package.json and the links of the README.
 */
export const documentation = 'countersign/docs';
