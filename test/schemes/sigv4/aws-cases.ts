/** A request of the AWS test suite of 2015, and what AWS publishes of it. */
export type AwsCase = {
  readonly name: string;
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** As it stands on the request line. */
  readonly target: string;
  /** Beside Host and X-Amz-Date; several lines of one name, each as it came. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly body?: string;
  /** Path and query of the canonical request. */
  readonly canonical: { readonly path: string; readonly query?: string; readonly headers?: string };
  readonly signature: string;
};

const unreserved = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const vanilla = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
const form = 'application/x-www-form-urlencoded';

/** By AKIDEXAMPLE at 20150830T123600Z, for `service` in us-east-1. */
export const suite: readonly AwsCase[] = [
  { name: 'get-vanilla', target: '/', canonical: { path: '/' }, signature: vanilla },
  { name: 'get-relative', target: '/example/..', canonical: { path: '/' }, signature: vanilla },
  {
    name: 'get-relative-relative',
    target: '/example1/example2/../..',
    canonical: { path: '/' },
    signature: vanilla,
  },
  { name: 'get-slash', target: '//', canonical: { path: '/' }, signature: vanilla },
  { name: 'get-slash-dot-slash', target: '/./', canonical: { path: '/' }, signature: vanilla },
  {
    name: 'get-slash-pointless-dot',
    target: '/./example',
    canonical: { path: '/example' },
    signature: 'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5',
  },
  {
    name: 'get-slashes',
    target: '//example//',
    canonical: { path: '/example/' },
    signature: '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  },
  {
    name: 'get-space',
    target: '/example space/',
    canonical: { path: '/example%20space/' },
    signature: '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
  },
  {
    name: 'get-utf8',
    target: '/ሴ',
    canonical: { path: '/%E1%88%B4' },
    signature: '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85',
  },
  {
    name: 'get-unreserved',
    target: `/${unreserved}`,
    canonical: { path: `/${unreserved}` },
    signature: '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  },
  {
    name: 'get-vanilla-empty-query-key',
    target: '/?Param1=value1',
    canonical: { path: '/', query: 'Param1=value1' },
    signature: 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    target: '/?Param2=value2&Param1=value1',
    canonical: { path: '/', query: 'Param1=value1&Param2=value2' },
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'get-vanilla-query-order-value',
    target: '/?Param1=value2&Param1=value1',
    canonical: { path: '/', query: 'Param1=value1&Param1=value2' },
    signature: '5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694',
  },
  {
    name: 'get-vanilla-query-unreserved',
    target: `/?${unreserved}=${unreserved}`,
    canonical: { path: '/', query: `${unreserved}=${unreserved}` },
    signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  },
  {
    name: 'get-vanilla-utf8-query',
    target: '/?ሴ=bar',
    canonical: { path: '/', query: '%E1%88%B4=bar' },
    signature: '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  },
  {
    name: 'get-header-key-duplicate',
    target: '/',
    headers: { 'my-header1': ['value2', 'value2', 'value1'] },
    canonical: { path: '/', headers: 'my-header1:value2,value2,value1\n' },
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  {
    name: 'get-header-value-order',
    target: '/',
    headers: { 'my-header1': ['value4', 'value1', 'value3', 'value2'] },
    canonical: { path: '/', headers: 'my-header1:value4,value1,value3,value2\n' },
    signature: '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  },
  {
    name: 'get-header-value-trim',
    target: '/',
    headers: { 'my-header1': [' value1'], 'my-header2': [' "a   b   c"'] },
    canonical: { path: '/', headers: 'my-header1:value1\nmy-header2:"a b c"\n' },
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    target: '/',
    canonical: { path: '/' },
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-vanilla-query',
    method: 'POST',
    target: '/?Param1=value1',
    canonical: { path: '/', query: 'Param1=value1' },
    signature: '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
  },
  {
    name: 'post-header-key-sort',
    method: 'POST',
    target: '/',
    headers: { 'my-header1': ['value1'] },
    canonical: { path: '/', headers: 'my-header1:value1\n' },
    signature: 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  },
  {
    name: 'post-header-value-case',
    method: 'POST',
    target: '/',
    headers: { 'my-header1': ['VALUE1'] },
    canonical: { path: '/', headers: 'my-header1:VALUE1\n' },
    signature: 'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    target: '/',
    headers: { 'content-type': [form] },
    body: 'Param1=value1',
    canonical: { path: '/', headers: `content-type:${form}\n` },
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'post-x-www-form-urlencoded-parameters',
    method: 'POST',
    target: '/',
    headers: { 'content-type': [`${form}; charset=utf8`] },
    body: 'Param1=value1',
    canonical: { path: '/', headers: `content-type:${form}; charset=utf8\n` },
    signature: '1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe',
  },
];

/** The token of post-sts-header-before. */
export const suiteToken =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';
export const suiteTokenSignature = '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead';

/** The examples of the S3 documentation, on examplebucket.s3.amazonaws.com at 20130524T000000Z. */
export const s3Examples = [
  {
    name: 'GET Object',
    parts: { url: '/test.txt', headers: { range: 'bytes=0-9' } },
    signedHeaders: ['range'],
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT Object',
    parts: {
      method: 'PUT',
      url: '/test$file.text',
      headers: {
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      },
      body: new TextEncoder().encode('Welcome to Amazon S3.'),
    },
    signedHeaders: ['date'],
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET Bucket Lifecycle',
    parts: { url: '/?lifecycle' },
    signedHeaders: [],
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'List Objects',
    parts: { url: '/?max-keys=2&prefix=J' },
    signedHeaders: [],
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
] as const;
