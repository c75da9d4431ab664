private static string RandomNonce()
{
    var bytes = new byte[16];
    using (var random = RandomNumberGenerator.Create()) random.GetBytes(bytes);
    return HexOf(TextOf(bytes));
}


private static decimal NumberOf(string time) { return decimal.Parse(time, NumberStyles.Float, CultureInfo.InvariantCulture); }


private static string SecondsOf(string time) { return decimal.Floor(NumberOf(time)).ToString(CultureInfo.InvariantCulture); }


private static string MillisecondsOf(string time) { return ((long)decimal.Floor(NumberOf(time) * 1000)).ToString(CultureInfo.InvariantCulture); }


private static string Calendar(string time, string part)
{
    var forms = new Dictionary<string, string> { { "YYYY", "yyyy" }, { "mmm", "MMM" }, { "DD", "dd" }, { "SSS", "fff" }, { "fraction", "fff" } };
    DateTime at = DateTimeOffset.FromUnixTimeMilliseconds((long)decimal.Floor(NumberOf(time) * 1000)).UtcDateTime;
    string form;
    string made = at.ToString(forms.TryGetValue(part, out form) ? form : part, CultureInfo.InvariantCulture);
    return part == "mmm" ? made.ToLowerInvariant() : made;
}


private static string DateOf(string time, string between)
{
    return string.Join(between, Calendar(time, "YYYY"), Calendar(time, "MM"), Calendar(time, "DD"));
}


private static string Fitting(string nonce, string form)
{
    Check(Regex.IsMatch(nonce, "^" + form + "\\z"), "The nonce cannot be written in the form of the scheme.");
    return nonce;
}


private static string UuidOf(string nonce)
{
    Match found = Regex.Match(nonce, "^([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})\\z");
    if (!found.Success) return nonce;
    Func<int, string> p = i => found.Groups[i].Value;
    return p(1) + "-" + p(2) + "-4" + p(3) + "-" + "89ab"[Convert.ToInt32(p(4), 16) & 3] + p(5) + "-" + p(6);
}


private static string DigitsOf(string nonce)
{
    if (!Regex.IsMatch(nonce, "^[0-9a-f]{32}\\z") || Regex.IsMatch(nonce, "^[0-9]+\\z")) return nonce;
    int[] digits = nonce.Select(one => Convert.ToInt32(one.ToString(), 16)).ToArray();
    var made = new StringBuilder();
    // Divides by ten again and again: the last decimal digit comes first.
    while (digits.Any(one => one > 0))
    {
        int rest = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int number = rest * 16 + digits[i];
            digits[i] = number / 10;
            rest = number % 10;
        }
        made.Append(rest);
    }
    return made.ToString();
}
