// Signs requests with countersign-v1: see protocol.md. For .NET Framework 4.6, .NET 8 and Mono, without packages. Copy this file.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

namespace Countersign
{
    /// <summary>A header as it is sent.</summary>
    public sealed class Field
    {
        public readonly string Name, Value;
        public Field(string name, string value) { Name = name; Value = value; }
    }

    /// <summary>What is signed. Time, in seconds since 1970, and nonce are chosen if they are null.</summary>
    public sealed class SigningRequest
    {
        public string Method = "GET", Url, AccessKey, Time, Nonce;
        public IReadOnlyList<Field> Headers = new Field[0];
        public byte[] Body = new byte[0], Secret;
        public IReadOnlyList<string> SignedHeaders = new string[0];
        public bool UnsignedBody;
    }

    /// <summary>The headers to add, and the string to sign.</summary>
    public sealed class Signed
    {
        public readonly List<Field> Headers = new List<Field>();
        public string Text;
        public string Signature;
    }

    public static class Signer
    {
        private static readonly string[] Modifiers = ("content-encoding content-range idempotency-key if-match if-modified-since"
            + " if-none-match if-range if-unmodified-since range").Split(' ');
        private const string NotSignable = "^(x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade"
            + "|keep-alive|accept-encoding|set-cookie)\\z";

        private static void Require(bool condition, string problem)
        {
            if (!condition) throw new ArgumentException(problem);
        }

        /// <summary>Writes path and query with one spelling of each escape.</summary>
        public static string Normalise(string target)
        {
            string whole = target.StartsWith("/", StringComparison.Ordinal) ? target : "/" + target;
            if (whole.IndexOf('?') == whole.Length - 1) whole = whole.Substring(0, whole.Length - 1);
            // One character for each byte.
            string bytes = string.Concat(Encoding.UTF8.GetBytes(whole).Select(one => (char)one));
            return Regex.Replace(bytes, "%([0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/?[\\]-]", found =>
            {
                if (!found.Groups[1].Success) return "%" + ((int)found.Value[0]).ToString("X2");
                string letter = ((char)Convert.ToInt32(found.Groups[1].Value, 16)).ToString();
                return Regex.IsMatch(letter, "^[A-Za-z0-9._~-]\\z") ? letter : found.Value.ToUpperInvariant();
            }, RegexOptions.Singleline);
        }

        /// <summary>Returns the value of a header as it is signed; null without it.</summary>
        public static string ValueOf(IEnumerable<Field> headers, string name)
        {
            var values = headers.Where(one => one.Name.ToLowerInvariant() == name).Select(one => one.Value.Trim(' ', '\t')).ToList();
            if (values.Count == 0) return null;
            string value = string.Join(", ", values).Trim(' ', '\t');
            Require(Regex.IsMatch(value, "^[\\t -~]*\\z"), name + " is not printable ASCII");
            return value;
        }

        public static string DigestOf(byte[] body)
        {
            if (body.Length == 0) return "";
            using (var sha256 = SHA256.Create()) return "sha-256=:" + Convert.ToBase64String(sha256.ComputeHash(body)) + ":";
        }

        public static string MacOf(byte[] secret, string text)
        {
            using (var mac = new HMACSHA256(secret)) return "v1=" + Hex(mac.ComputeHash(Encoding.UTF8.GetBytes(text)));
        }

        private static string Hex(byte[] bytes) { return string.Concat(bytes.Select(one => one.ToString("x2"))); }

        private static string RandomNonce()
        {
            var bytes = new byte[16];
            using (var random = RandomNumberGenerator.Create()) random.GetBytes(bytes);
            return Hex(bytes);
        }

        /// <summary>Signs a request. Throws ArgumentException for one that cannot be signed.</summary>
        public static Signed Sign(SigningRequest r)
        {
            Match url = Regex.Match(r.Url, "^([Hh][Tt][Tt][Pp][Ss]?)://([^/?#]*)([^#]*)", RegexOptions.Singleline);
            Require(url.Success && !url.Groups[2].Value.Contains("@"), "The URL must be absolute, without a user name.");
            Require(Regex.IsMatch(url.Groups[2].Value, "^[!-~]*\\z"), "The host must be printable ASCII, without blanks.");
            string time = r.Time ?? DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString();
            string nonce = r.Nonce ?? RandomNonce();
            Require(Regex.IsMatch(r.Method, "^[A-Za-z0-9_!#$%&'*+.^`|~-]{1,64}\\z"), "The method is not a token.");
            Require(Regex.IsMatch(nonce, "^[A-Za-z0-9_-]{16,128}\\z"), "A nonce has 16 to 128 of A-Z a-z 0-9 _ -");
            Require(Regex.IsMatch(r.AccessKey, "^[A-Za-z0-9_.~-]{1,512}\\z"), "The access key is malformed.");
            string port = url.Groups[1].Value.Length == 5 ? ":443\\z" : ":80\\z";
            string authority = Regex.Replace(url.Groups[2].Value.ToLowerInvariant(), port, "");
            var names = new SortedSet<string>(r.SignedHeaders.Select(one => one.ToLowerInvariant()), StringComparer.Ordinal);
            names.UnionWith(Modifiers.Where(one => ValueOf(r.Headers, one) != null));
            string digest = r.UnsignedBody ? "" : DigestOf(r.Body);
            var lines = new List<string> { "countersign-v1-request", r.AccessKey, time, nonce, r.Method.ToUpperInvariant(), authority,
                Normalise(url.Groups[3].Value), ValueOf(r.Headers, "content-type") ?? "", r.UnsignedBody ? "unsigned" : digest };
            foreach (string name in names)
            {
                bool allowed = Regex.IsMatch(name, "^[a-z0-9!#$%&'*+.^_`|~-]+\\z") && !Regex.IsMatch(name, NotSignable);
                Require(allowed, name + " cannot be signed.");
                Require(ValueOf(r.Headers, name) != null, "The request lacks " + name);
                lines.Add(name + ":" + ValueOf(r.Headers, name));
            }
            var signed = new Signed { Text = string.Join("\n", lines) };
            signed.Signature = MacOf(r.Secret, signed.Text);
            signed.Headers.Add(new Field("X-API-Key", r.AccessKey));
            signed.Headers.Add(new Field("X-API-Timestamp", time));
            signed.Headers.Add(new Field("X-API-Nonce", nonce));
            if (digest != "") signed.Headers.Add(new Field("Content-Digest", digest));
            if (r.UnsignedBody) signed.Headers.Add(new Field("X-API-Payload", "unsigned"));
            if (names.Count > 0) signed.Headers.Add(new Field("X-API-Signed-Headers", string.Join(";", names)));
            signed.Headers.Add(new Field("X-API-Signature", signed.Signature));
            return signed;
        }

        /// <summary>Whether a response is countersigned. The signature is X-API-Signature of the request.</summary>
        public static bool IsResponseSigned(string signature, byte[] secret, int status, IReadOnlyList<Field> headers, byte[] body)
        {
            Func<string, string> read = name => ValueOf(headers, name) ?? "";
            string time = read("x-api-timestamp"), digest = DigestOf(body);
            var lines = new List<string> { "countersign-v1-response", signature, time, status.ToString(), read("content-type"), digest };
            foreach (string name in new[] { "content-range", "location" })
            {
                if (ValueOf(headers, name) != null) lines.Add(name + ":" + read(name));
            }
            // The MACs of both are compared, so that the time tells nothing of the expected one.
            bool fits = MacOf(secret, MacOf(secret, string.Join("\n", lines))) == MacOf(secret, read("x-api-signature"));
            return fits && Regex.IsMatch(time, "^[0-9]{1,12}\\z") && digest == read("unencoded-digest");
        }
    }

    /// <summary>
    /// Signs what an HttpClient sends, each attempt anew, and follows no redirect. A handler that changes requests belongs around it.
    /// <c>new HttpClient(new SigningHandler(accessKey, secret))</c>
    /// Set headers with Add: HttpClient drops a value of several lines that TryAddWithoutValidation took, and then it is not signed.
    /// </summary>
    public sealed class SigningHandler : DelegatingHandler
    {
        private readonly string accessKey;
        private readonly byte[] secret;

        /// <summary>Headers to sign beside those that are always signed.</summary>
        public IReadOnlyList<string> SignedHeaders = new string[0];
        /// <summary>Whether to refuse responses that are not countersigned.</summary>
        public bool CheckResponse;

        public SigningHandler(string accessKey, string secret) : base(new HttpClientHandler { AllowAutoRedirect = false })
        {
            this.accessKey = accessKey;
            this.secret = Encoding.UTF8.GetBytes(secret);
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancelled)
        {
            for (int attempt = 1; ; attempt++)
            {
                Signed signed = await SignAsync(request);
                HttpResponseMessage response = await base.SendAsync(request, cancelled);
                // Mono takes an interim response for the response.
                if ((int)response.StatusCode < 200) throw new HttpRequestException("The response is an interim one.");
                if (MayRetry(request, (int)response.StatusCode) && attempt < 3)
                {
                    response.Dispose();
                    await Task.Delay(200 * attempt, cancelled);
                    continue;
                }
                if (CheckResponse && !await IsSignedAsync(response, signed.Signature))
                {
                    response.Dispose();
                    throw new HttpRequestException("The response is not countersigned.");
                }
                return response;
            }
        }

        private async Task<Signed> SignAsync(HttpRequestMessage request)
        {
            Uri uri = request.RequestUri;
            string host = uri.HostNameType == UriHostNameType.Dns ? uri.IdnHost : uri.Host;
            string port = uri.IsDefaultPort ? "" : ":" + uri.Port;
            // The signer refuses a user name.
            string user = uri.UserInfo == "" ? "" : "user@";
            var body = request.Content == null ? new byte[0] : await request.Content.ReadAsByteArrayAsync();
            var headers = FieldsOf(request.Headers, request.Content?.Headers);
            if (headers.Any(one => Regex.IsMatch(one.Value, "[\r\n\0]"))) throw new ArgumentException("A header is one line.");
            Signed signed = Signer.Sign(new SigningRequest
            {
                Method = request.Method.Method,
                Url = uri.Scheme + "://" + user + host + port + uri.PathAndQuery,
                AccessKey = accessKey,
                Secret = secret,
                Headers = headers,
                Body = body,
                SignedHeaders = SignedHeaders,
            });
            // A connection that is kept is tried a second time, with the same nonce.
            request.Headers.ConnectionClose = true;
            foreach (Field field in signed.Headers)
            {
                request.Headers.Remove(field.Name);
                request.Headers.TryAddWithoutValidation(field.Name, field.Value);
            }
            return signed;
        }

        private async Task<bool> IsSignedAsync(HttpResponseMessage response, string signature)
        {
            var body = response.Content == null ? new byte[0] : await response.Content.ReadAsByteArrayAsync();
            return Signer.IsResponseSigned(signature, secret, (int)response.StatusCode, FieldsOf(response.Headers, response.Content?.Headers), body);
        }

        // Parsed values may be written in another way than they were received.
        private static List<Field> FieldsOf(params HttpHeaders[] groups)
        {
            var fields = new List<Field>();
            foreach (HttpHeaders group in groups.Where(one => one != null))
            {
#if NET6_0_OR_GREATER
                foreach (var header in group.NonValidated)
#else
                foreach (var header in group)
#endif
                {
                    foreach (string value in header.Value) fields.Add(new Field(header.Key, value));
                }
            }
            return fields;
        }

        /// <summary>Whether to send a request once more. The server may have carried out another one, such as a POST.</summary>
        private static bool MayRetry(HttpRequestMessage request, int status)
        {
            string method = request.Method.Method.ToUpperInvariant();
            bool idempotent = new[] { "GET", "HEAD", "OPTIONS", "PUT", "DELETE" }.Contains(method)
                || request.Headers.Contains("Idempotency-Key");
            return idempotent && (status == 502 || status == 503 || status == 504);
        }
    }
}
