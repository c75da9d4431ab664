private static string MapLetters(string text, char first, int distance)
{
    return string.Concat(text.Select(one => one >= first && one < first + 26 ? (char)(one + distance) : one));
}


private static string LowerAscii(string text) { return MapLetters(text, 'A', 32); }


private static string UpperAscii(string text) { return MapLetters(text, 'a', -32); }


private static string TrimAscii(string text) { return text.Trim('\t', '\n', '\v', '\f', '\r', ' '); }


private static string CollapseAscii(string text) { return Regex.Replace(text, "[\t\n\v\f\r ]+", " "); }


private static string UpTo(string text, string end)
{
    int found = text.IndexOf(end, StringComparison.Ordinal);
    return found < 0 ? text : text.Substring(0, found);
}


private static string FromAfter(string text, string start)
{
    int found = text.IndexOf(start, StringComparison.Ordinal);
    return found < 0 ? "" : text.Substring(found + start.Length);
}


// A character begins at each byte that continues none.
private static string TruncateText(string text, int length)
{
    int end = 0, count = 0;
    while (end < text.Length && ((text[end] & 192) == 128 || ++count <= length)) end++;
    return text.Substring(0, end);
}


private static string TruncateBytes(string value, int length) { return value.Length <= length ? value : value.Substring(0, length); }


private static List<string[]> SplitPath(string text) { return text.Split('/').Select(one => new[] { one }).ToList(); }


private static List<string[]> SplitQuery(string text) { return text.Split('&').Select(one => one.Split(new[] { '=' }, 2)).ToList(); }


private static string JoinPairs(List<string[]> pieces, string separator)
{
    return string.Join(separator, pieces.Select(one => string.Join("=", one)));
}


private static string JoinPath(List<string[]> pieces) { return JoinPairs(pieces, "/"); }


private static string JoinQuery(List<string[]> pieces) { return JoinPairs(pieces, "&"); }


private static List<string[]> EachPiece(List<string[]> pieces, Func<string, string> change)
{
    return pieces.Select(one => one.Select(change).ToArray()).ToList();
}


private static List<string[]> SortBy(List<string[]> pieces, Func<string[], string> first, Func<string[], string> second)
{
    return pieces.OrderBy(first, StringComparer.Ordinal).ThenBy(second, StringComparer.Ordinal).ToList();
}


private static List<string[]> SortByValue(List<string[]> pieces) { return SortBy(pieces, one => one[0], one => one.Length > 1 ? one[1] : ""); }


private static List<string[]> SortByName(List<string[]> pieces) { return SortBy(pieces, one => one[0], one => ""); }


private static List<string[]> SortByText(List<string[]> pieces) { return SortBy(pieces, one => string.Join("=", one), one => ""); }


private static List<string[]> MergeValues(List<string[]> pieces, string separator)
{
    return pieces.GroupBy(one => one[0]).Select(same =>
    {
        var values = same.Where(one => one.Length > 1).Select(one => one[1]).ToList();
        return values.Count == 0 ? new[] { same.Key } : new[] { same.Key, string.Join(separator, values) };
    }).ToList();
}


private static string PercentDecode(string text)
{
    Check(!Regex.IsMatch(text, "%(?![0-9A-Fa-f]{2})"), "A value contains a % that begins no escape.");
    string made = Regex.Replace(text, "%(..)", found => ((char)Convert.ToInt32(found.Groups[1].Value, 16)).ToString());
    Check(!made.Any(one => one < 32 || one == 127), "A value contains a control character.");
    // Throws for escapes that are not UTF-8.
    new UTF8Encoding(false, true).GetString(BytesOf(made));
    return made;
}


private static string EscapeExcept(string text, string marks)
{
    const string kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return string.Concat(text.Select(one => (kept + marks).IndexOf(one) >= 0 ? one.ToString() : "%" + ((int)one).ToString("X2")));
}


private static string Rfc3986(string text) { return EscapeExcept(text, "-._~"); }


private static string FormEncode(string text) { return EscapeExcept(text, "-._*").Replace("%20", "+"); }
