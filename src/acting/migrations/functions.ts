/** Functions that are called where a migration runs: what they do is written elsewhere, so only those that are known are taken for harmless. */
import { nodes } from '../postgres/parse.ts'

/** PostgreSQL's own, which compute something and change nothing. */
const known = new Set(
  [
    'now clock_timestamp statement_timestamp transaction_timestamp timezone date_trunc date_part extract age make_date make_timestamptz',
    'make_interval to_char to_date to_timestamp to_number',
    'gen_random_uuid uuid_generate_v4 random nextval md5 sha256 encode decode digest',
    'lower upper initcap length char_length octet_length btrim ltrim rtrim lpad rpad left right concat concat_ws format replace translate',
    'regexp_replace regexp_match regexp_split_to_array substring substr split_part strpos position overlay repeat reverse starts_with',
    'like_escape string_to_array array_to_string array_length cardinality array_append array_cat array_remove array_position unnest',
    'generate_series abs ceil ceiling floor round trunc mod power sqrt sign div',
    'to_json to_jsonb json_build_object jsonb_build_object json_build_array jsonb_build_array jsonb_set jsonb_strip_nulls jsonb_typeof',
    'jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_each jsonb_each_text jsonb_extract_path_text jsonb_object_keys',
    'count sum min max avg bool_and bool_or array_agg string_agg json_agg jsonb_agg jsonb_object_agg row_number rank dense_rank lag lead',
    'first_value last_value to_tsvector setweight',
  ].flatMap((line) => line.split(' ')),
)
/** Where they may be said to be: in PostgreSQL itself, and where Supabase keeps extensions. */
const schemas = ['pg_catalog', 'extensions']
/** Supabase's own, which tell who asks. */
const whoAsks = ['auth.uid', 'auth.role', 'auth.jwt']

const nameOf = (call: Readonly<Record<string, unknown>>): string =>
  [...nodes(call['funcname'])].flatMap(([name, { sval }]) => (name === 'String' && typeof sval === 'string' ? [sval] : [])).join('.')

const isKnown = (called: string): boolean => {
  const [name = '', schema, ...more] = called.split('.').toReversed()
  return whoAsks.includes(called) || (known.has(name) && (schema === undefined || schemas.includes(schema)) && more.length === 0)
}

/** The functions within it that are not known to be harmless, each once. */
export const unknownFunctions = (tree: unknown): readonly string[] =>
  [...new Set([...nodes(tree)].flatMap(([name, node]) => (name === 'FuncCall' ? [nameOf(node)] : [])))].filter((called) => !isKnown(called))
