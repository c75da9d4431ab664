/// <summary>A header as it is sent.</summary>
public sealed class Field
{
    public readonly string Name, Value;
    public Field(string name, string value) { Name = name; Value = value; }
}


/// <summary>What is signed. Time, in seconds since 1970, and nonce are chosen if they are null.</summary>
public sealed class SigningRequest
{
    public string Method = "GET", Url, AccessKey, Time, Nonce, SessionToken, Challenge;
    public IReadOnlyList<Field> Headers = new Field[0];
    public byte[] Body = new byte[0], Secret;
    public IReadOnlyList<string> SignedHeaders = new string[0];
}


/// <summary>The headers to add, the string to sign, and the URL to send.</summary>
public sealed class Signed
{
    public readonly List<Field> Headers = new List<Field>();
    public byte[] Text;
    public string Url;
}


private static void Check(bool condition, string problem)
{
    if (!condition) throw new ArgumentException(problem);
}


// Texts are bytes, one in each character.
private static readonly Encoding Latin1 = Encoding.GetEncoding("iso-8859-1");


private static string TextOf(byte[] bytes) { return Latin1.GetString(bytes); }


private static byte[] BytesOf(string text) { return Latin1.GetBytes(text); }


private static string Utf8Of(string text) { return text == null ? null : TextOf(Encoding.UTF8.GetBytes(text)); }


/// <summary>A request before it is signed.</summary>
private sealed class Prepared
{
    public string Method, Scheme, Origin, Authority, Target, Body, AccessKey, Time, Timestamp, Nonce, SessionToken, Challenge;
    public string Signature = "";
    public IReadOnlyList<Field> Headers;
    public SortedSet<string> Names;
}


private static Prepared Prepare(SigningRequest given)
{
    Match url = Regex.Match(given.Url, "^([Hh][Tt][Tt][Pp][Ss]?)://([^/?#]*)([^#]*)", RegexOptions.Singleline);
    Check(url.Success && !url.Groups[2].Value.Contains("@"), "The URL must be absolute, without a user name.");
    // Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
    Check(Regex.IsMatch(url.Groups[2].Value + url.Groups[3].Value, "^[!-~]*\\z"), "The host and the target must be printable ASCII, without blanks.");
    Check(Regex.IsMatch(given.Method, "^[A-Za-z0-9_!#$%&'*+.^`|~-]{1,64}\\z"), "The method is not a token.");
    bool isIssued = Regex.IsMatch(given.Challenge ?? "", "^[A-Za-z0-9_.~+/=-]{0,512}\\z");
    Check(isIssued, "The challenge has characters that no server issues, or more than 512.");
    string scheme = url.Groups[1].Value.ToLowerInvariant(), target = Utf8Of(url.Groups[3].Value);
    string time = given.Time ?? (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000m).ToString(CultureInfo.InvariantCulture);
    return new Prepared
    {
        Method = given.Method.ToUpperInvariant(),
        Scheme = scheme,
        Origin = url.Groups[1].Value + "://" + url.Groups[2].Value,
        Authority = Utf8Of(Regex.Replace(url.Groups[2].Value.ToLowerInvariant(), scheme == "https" ? ":443\\z" : ":80\\z", "")),
        Target = target.StartsWith("/", StringComparison.Ordinal) ? target : "/" + target,
        Headers = given.Headers,
        Names = new SortedSet<string>(given.SignedHeaders.Select(one => one.ToLowerInvariant()), StringComparer.Ordinal),
        Body = given.Body.Length == 0 ? null : TextOf(given.Body),
        AccessKey = Utf8Of(given.AccessKey),
        Time = time,
        Timestamp = TimestampOf(time),
        Nonce = NonceOf(given.Nonce ?? RandomNonce()),
        SessionToken = Utf8Of(given.SessionToken),
        Challenge = Utf8Of(given.Challenge)
            ?? "none" // with challenge
    };
}


private static string HostOf(Prepared r) { return Regex.Replace(r.Authority, ":[0-9]*\\z", ""); }


private static string PortOf(Prepared r)
{
    Match found = Regex.Match(r.Authority, ":([0-9]+)\\z");
    return found.Success ? found.Groups[1].Value : r.Scheme == "https" ? "443" : "80";
}


private static string PathOf(Prepared r) { return r.Target.Split('?')[0]; }


private static string QueryOf(Prepared r)
{
    int start = r.Target.IndexOf('?');
    return start < 0 || start == r.Target.Length - 1 ? null : r.Target.Substring(start + 1);
}


private static string UrlOf(Prepared r) { return r.Scheme + "://" + r.Authority + r.Target; }


private static string HeaderValue(Prepared r, string name)
{
    var values = r.Headers.Where(one => one.Name.ToLowerInvariant() == name).Select(one => one.Value.Trim(' ', '\t')).ToList();
    if (values.Count == 0) return null;
    string value = string.Join(", ", values).Trim(' ', '\t');
    Check(Regex.IsMatch(value, "^[\\t -~]*\\z"), name + " is not printable ASCII");
    return value;
}


private static string Nothing() { return null; }


private static string Needed(string value, string name)
{
    Check(value != null, "The request lacks " + name);
    return value;
}


private static string DefaultTo(string value, string fallback) { return value ?? fallback; }


private static string OnlyFor(Prepared r, string[] methods, string value) { return methods.Contains(r.Method) ? value : null; }


private static string ChosenNames(Prepared r, string separator) { return r.Names.Count == 0 ? null : string.Join(separator, r.Names); }


private static string ChosenLines(Prepared r)
{
    return r.Names.Count == 0 ? null : string.Concat(r.Names.Select(name => LineOf(name, Needed(HeaderValue(r, name), name))));
}
