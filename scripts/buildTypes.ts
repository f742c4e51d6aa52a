// The library's types as the package carries them: declarations of main/index.ts and of all that it names.
// Owns: writing types out where the sources infer them from schemas, so that nobody needs zod to use the library. Not: the code (buildEngine.ts).
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { projectFolder } from './project.ts'

const sources = join(projectFolder, 'main')
const entry = join(sources, 'index.ts')

/**
 * Writes `index.d.ts` and what it imports into `folder`.
 * @throws Error where a declaration cannot be written, or names a package that the library does not come with
 */
export function buildTypes(folder: string): void {
  const declarations = emitDeclarations()
  for (const path of reachable('index.d.ts', declarations)) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, declarations.get(path)!) // reached, so there
  }
}

/** Declarations of every source that the library is made of, by their paths below main/. */
function emitDeclarations(): Map<string, string> {
  const { config } = ts.readConfigFile(join(projectFolder, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, projectFolder)
  const program = ts.createProgram([entry], {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    rootDir: projectFolder,
    outDir: projectFolder,
  })
  const written = new Map<string, string>()
  const { diagnostics } = program.emit(
    undefined,
    (path, text) => written.set(relative(sources, path), text),
    undefined,
    true,
    { afterDeclarations: [withoutSchemas(program.getTypeChecker())] },
  )
  const [fault] = diagnostics
  if (fault) throw new Error(ts.flattenDiagnosticMessageText(fault.messageText, '\n'))
  return written
}

/** The declarations that a file leads to, itself among them. */
function reachable(first: string, declarations: ReadonlyMap<string, string>): Set<string> {
  const found = new Set<string>()
  const queue = [first]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue
    const text = declarations.get(path)
    if (text === undefined) throw new Error(`there is no declaration ${path}`)
    found.add(path)
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      if (!fileName.startsWith('.')) throw new Error(`${path} needs the types of “${fileName}”`)
      queue.push(join(dirname(path), fileName.replace(/\.js$/, '.d.ts')))
    }
  }
  return found
}

/** Leaves schemas out, writes out what is inferred from them, and names files as a package's user resolves them. */
function withoutSchemas(checker: ts.TypeChecker): ts.TransformerFactory<ts.SourceFile | ts.Bundle> {
  return (context) => (root) => {
    const { factory } = context
    const visit = (node: ts.Node): ts.Node | undefined => {
      if (
        ts.isVariableStatement(node) &&
        node.declarationList.declarations.some(({ type }) => isOfSchema(type))
      )
        return undefined
      if (ts.isImportSpecifier(node) && isSchema(checker.getSymbolAtLocation(node.name), checker))
        return undefined
      if (ts.isImportDeclaration(node) && textOf(node.moduleSpecifier) === 'zod') return undefined
      if (ts.isTypeReferenceNode(node) && isOfSchema(node))
        return writtenOut(checker.getTypeFromTypeNode(ts.getOriginalNode(node) as ts.TypeNode), checker) // as it was
      if (ts.isStringLiteral(node) && /^\.{1,2}\/.*\.ts$/.test(node.text))
        return factory.createStringLiteral(node.text.replace(/\.ts$/, '.js'), true)
      const visited = ts.visitEachChild(node, visit, context)
      return ts.isImportDeclaration(visited) && importsNothing(visited) ? undefined : visited
    }
    return ts.isSourceFile(root) ? ts.visitEachChild(root, visit, context) : root
  }
}

const importsNothing = ({ importClause }: ts.ImportDeclaration): boolean => {
  const names = importClause?.namedBindings
  return names !== undefined && ts.isNamedImports(names) && names.elements.length === 0
}

const textOf = (node: ts.Expression): string => (ts.isStringLiteral(node) ? node.text : '')

/** Whether a name that is imported stands for a schema. */
function isSchema(alias: ts.Symbol | undefined, checker: ts.TypeChecker): boolean {
  const declaration = alias && checker.getAliasedSymbol(alias).valueDeclaration
  return declaration !== undefined && checker.getTypeAtLocation(declaration).getProperty('_zod') !== undefined
}

/** Whether a type is one of zod's, for instance `z.infer<typeof modelShape>`. */
function isOfSchema(node: ts.TypeNode | undefined): boolean {
  if (!node || !ts.isTypeReferenceNode(node)) return false
  let { typeName } = node
  while (ts.isQualifiedName(typeName)) typeName = typeName.left
  return typeName.text === 'z'
}

/** A type as its own words, comments on its fields included. */
function writtenOut(type: ts.Type, checker: ts.TypeChecker): ts.TypeNode {
  const { factory } = ts
  const inner = (part: ts.Type): ts.TypeNode => writtenOut(part, checker)
  if (type.isUnion() && type.types.some(isRecord)) return factory.createUnionTypeNode(type.types.map(inner))
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference) // arrays are references
    const list = factory.createArrayTypeNode(inner(item))
    const isReadonly = type.symbol.name === 'ReadonlyArray'
    return isReadonly ? factory.createTypeOperatorNode(ts.SyntaxKind.ReadonlyKeyword, list) : list
  }
  if (isRecord(type) && checker.getIndexInfosOfType(type).length === 0)
    return factory.createTypeLiteralNode(type.getProperties().map((property) => fieldOf(property, checker)))
  const flags = ts.NodeBuilderFlags.NoTruncation | ts.NodeBuilderFlags.InTypeAlias
  const node = checker.typeToTypeNode(type, undefined, flags)
  if (!node) throw new Error(`${checker.typeToString(type)} cannot be written down`)
  return node
}

/** An object with fields and nothing else: no class, no function. */
const isRecord = (type: ts.Type): boolean =>
  (type.flags & ts.TypeFlags.Object) !== 0 &&
  type.getCallSignatures().length === 0 &&
  (!type.symbol || (type.symbol.flags & (ts.SymbolFlags.TypeLiteral | ts.SymbolFlags.ObjectLiteral)) !== 0)

function fieldOf(property: ts.Symbol, checker: ts.TypeChecker): ts.PropertySignature {
  const { factory } = ts
  const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0
  const field = factory.createPropertySignature(
    undefined,
    /^[\w$]+$/.test(property.name) ? property.name : factory.createStringLiteral(property.name, true),
    isOptional ? factory.createToken(ts.SyntaxKind.QuestionToken) : undefined,
    writtenOut(checker.getTypeOfSymbol(property), checker),
  )
  const comment = ts.displayPartsToString(property.getDocumentationComment(checker))
  if (comment === '') return field
  return ts.addSyntheticLeadingComment(
    field,
    ts.SyntaxKind.MultiLineCommentTrivia,
    `* ${comment.replaceAll('\n', '\n * ')} `,
    true,
  )
}
