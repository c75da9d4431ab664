// What an app ships of this package, for compilers.
export * from 'countersign';
export * from 'countersign/ky';
