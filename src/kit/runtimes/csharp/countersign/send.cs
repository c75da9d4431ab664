private static bool IsOwn(string parameter, string[] names) { return names.Contains(WebUtility.UrlDecode(parameter.Split('=')[0])); }


private static string WithoutParameters(string target, string[] names)
{
    int start = target.IndexOf('?');
    if (start < 0 || start == target.Length - 1) return target;
    string[] all = target.Substring(start + 1).Split('&');
    var kept = all.Where(one => !IsOwn(one, names)).ToList();
    if (kept.Count == all.Length) return target;
    return target.Substring(0, start) + (kept.Count == 0 ? "" : "?" + string.Join("&", kept));
}


private static string WithParameters(string target, List<Field> added)
{
    int start = target.IndexOf('?');
    string path = start < 0 ? target : target.Substring(0, start), query = start < 0 ? "" : target.Substring(start + 1);
    var all = new[] { query }.Concat(added.Select(one => one.Value == "" ? "" : one.Name + "=" + one.Value)).Where(one => one != "");
    return all.Any() ? path + "?" + string.Join("&", all) : path;
}


/// <summary>Signs a request. Throws ArgumentException for one that cannot be signed.</summary>
public static Signed Sign(SigningRequest given)
{
    Prepared r = Prepare(given);
    r.Target = WithoutParameters(r.Target, OwnParameters); // with parameters
    r.Target = WithParameters(r.Target, SignedParameters(r)); // with parameters
    string text = StringToSign(r);
    r.Signature = SignatureOf(r, TextOf(given.Secret), text);
    var signed = new Signed { Text = BytesOf(text), Url = given.Url };
    string target = WithParameters(r.Target, SignatureParameters(r)); // with parameters
    signed.Url = r.Origin + Encoding.UTF8.GetString(BytesOf(target)); // with parameters
    signed.Headers.AddRange(AddedHeaders(r).Where(one => one.Value != ""));
    return signed;
}


/// <summary>
/// Signs what an HttpClient sends, each attempt anew, and follows no redirect. A handler that changes requests belongs around it.
/// <c>new HttpClient(new SigningHandler(accessKey, secret))</c>
/// Set headers with Add: HttpClient drops a value of several lines that TryAddWithoutValidation took, and then it is not signed.
/// </summary>
public sealed class SigningHandler
    : DelegatingHandler
{
    private readonly string accessKey;
    private readonly byte[] secret;

    /// <summary>Headers to sign beside those that are always signed.</summary>
    public IReadOnlyList<string> SignedHeaders = new string[0];
    /// <summary>What the server has given to send along, for schemes that carry it.</summary>
    public string SessionToken, Challenge;

    public SigningHandler(string accessKey, string secret) : base(new HttpClientHandler { AllowAutoRedirect = false })
    {
        this.accessKey = accessKey;
        this.secret = Encoding.UTF8.GetBytes(secret);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancelled)
    {
        Uri given = request.RequestUri;
        var headers = FieldsOf(request.Headers, request.Content?.Headers);
        if (headers.Any(one => Regex.IsMatch(one.Name + one.Value, "[\r\n\0]"))) throw new ArgumentException("A header is one line.");
        for (int attempt = 1; ; attempt++)
        {
            await SignAsync(request, given, headers);
            HttpResponseMessage response = await base.SendAsync(request, cancelled);
            // Mono takes an interim response for the response.
            if ((int)response.StatusCode < 200) throw new HttpRequestException("The response is an interim one.");
            if (!MayRetry(request, (int)response.StatusCode) || attempt >= 3) return response;
            response.Dispose();
            await Task.Delay(200 * attempt, cancelled);
        }
    }

    private async Task SignAsync(HttpRequestMessage request, Uri uri, List<Field> headers)
    {
        string host = uri.HostNameType == UriHostNameType.Dns ? uri.IdnHost : uri.Host;
        string port = uri.IsDefaultPort ? "" : ":" + uri.Port;
        // The signer refuses a user name.
        string user = uri.UserInfo == "" ? "" : "user@";
        Signed signed = Signer.Sign(new SigningRequest
        {
            Method = request.Method.Method,
            Url = uri.Scheme + "://" + user + host + port + uri.PathAndQuery,
            AccessKey = accessKey,
            Secret = secret,
            Headers = headers,
            Body = request.Content == null ? new byte[0] : await request.Content.ReadAsByteArrayAsync(),
            SignedHeaders = SignedHeaders,
            SessionToken = SessionToken,
            Challenge = Challenge,
        });
        request.RequestUri = new Uri(signed.Url); // with parameters
        if (request.RequestUri.AbsoluteUri != signed.Url) throw new ArgumentException("The class Uri changes " + signed.Url); // with parameters
        // A connection that is kept is tried a second time, with the same nonce.
        request.Headers.ConnectionClose = true;
        foreach (Field field in signed.Headers) Set(request, field);
    }

    // HttpClient keeps headers of the content apart, and drops a value of several lines.
    private static void Set(HttpRequestMessage request, Field field)
    {
        if (Regex.IsMatch(field.Value, "[\r\n\0]")) throw new ArgumentException("A header is one line.");
        foreach (HttpHeaders group in new HttpHeaders[] { request.Headers, request.Content?.Headers }.Where(one => one != null))
        {
            try
            {
                group.Remove(field.Name);
                if (group.TryAddWithoutValidation(field.Name, field.Value)) return;
            }
            catch (InvalidOperationException)
            {
                // It belongs to the other group.
            }
        }
        throw new ArgumentException(field.Name + " cannot be sent.");
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
        bool idempotent = new[] { "GET", "HEAD", "OPTIONS", "PUT", "DELETE" }.Contains(request.Method.Method.ToUpperInvariant());
        return idempotent && (status == 502 || status == 503 || status == 504);
    }
}
