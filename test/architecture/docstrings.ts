import ts from 'typescript';
import { root } from './sources.ts';

/** The exports of the doors that no docstring explains, in the form `src/index.ts: createSigner`. */
export function undocumented(program: ts.Program, doors: readonly string[]): readonly string[] {
  const checker = program.getTypeChecker();
  return doors.flatMap((door) =>
    exportsOf(program, door)
      .filter((symbol) => {
        const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        return original.getDocumentationComment(checker).length === 0;
      })
      .map((symbol) => `${door}: ${symbol.name}`),
  );
}

/** The options, of types that the doors give their users, that no docstring explains, in the form `VerifierOptions.keys`. */
export function undocumentedOptions(program: ts.Program, doors: readonly string[]): readonly string[] {
  const checker = program.getTypeChecker();
  return doors
    .flatMap((door) => exportsOf(program, door))
    .filter(({ name }) => optionTypes.test(name))
    .flatMap((symbol) => {
      const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return checker
        .getDeclaredTypeOfSymbol(original)
        .getProperties()
        .filter((option) => !isForbidden(checker.getTypeOfSymbol(option)))
        .filter((option) => option.getDocumentationComment(checker).length === 0)
        .map((option) => `${symbol.name}.${option.name}`);
    });
}

/** An option that its type forbids: `?: never`. */
const isForbidden = ({ flags }: ts.Type): boolean => (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never)) !== 0;

/** Types that users fill in, by their names. */
const optionTypes =
  /Options$|^(?:KeyRecord|NewKey|Rotation|KeyFilter|VerifyContext|PublicAddress|TrustedProxies|ReceivedRequest)$/;

/** What a door gives its users. */
export function exportsOf(program: ts.Program, door: string): readonly ts.Symbol[] {
  const file = program.getSourceFile(door) ?? program.getSourceFile(`${root}${door}`);
  const symbol = file && program.getTypeChecker().getSymbolAtLocation(file);
  return symbol ? program.getTypeChecker().getExportsOfModule(symbol) : [];
}

/** A compiled view of files on disk, or of the texts given. */
export function programOf(files: readonly string[], texts: Readonly<Record<string, string>> = {}): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path in texts || fileExists(path);
  host.directoryExists = () => true;
  host.getSourceFile = (path, ...rest) => {
    const text = texts[path];
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
  };
  return ts.createProgram(files, options, host);
}
