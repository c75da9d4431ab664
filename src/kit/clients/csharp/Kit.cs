// mcs -out:kit.exe -r:System.Net.Http Countersign.cs Kit.cs
// mono kit.exe check ../../vectors/plain/*
// mono kit.exe call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
// With .NET: a console project of these two files, then "dotnet run --" in place of "mono kit.exe".
using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Countersign;

public static class Kit
{
    private static string Check(string folder)
    {
        Func<string, byte[]> bytes = name => File.ReadAllBytes(Path.Combine(folder, name));
        Func<string, string> text = name => Encoding.UTF8.GetString(bytes(name));
        Func<string, string[]> lines = name => text(name).Split(new[] { '\n' }, StringSplitOptions.RemoveEmptyEntries);
        Func<string, bool> exists = name => File.Exists(Path.Combine(folder, name));
        Signed signed;
        try
        {
            signed = Signer.Sign(new SigningRequest
            {
                Method = text("method"),
                Url = text("url"),
                Headers = lines("headers").Select(one => one.Split(new[] { ':' }, 2)).Select(one => new Field(one[0], one[1])).ToList(),
                Body = bytes("body"),
                AccessKey = text("access-key"),
                Secret = bytes("secret"),
                Time = text("time"),
                Nonce = text("nonce"),
                SignedHeaders = lines("signed-headers"),
                UnsignedBody = exists("unsigned-body"),
            });
        }
        catch (ArgumentException problem)
        {
            return exists("refused") ? null : "refused: " + problem.Message;
        }
        if (exists("refused")) return "must be refused";
        if (signed.Text != text("string-to-sign")) return "string-to-sign";
        string added = string.Concat(signed.Headers.Select(one => one.Name + ": " + one.Value + "\n"));
        return added == text("added-headers") ? null : "added-headers";
    }

    private static string Member(string json, string name)
    {
        Match found = Regex.Match(json, '"' + name + "\": *\"([^\"]*)\"");
        if (!found.Success) throw new ArgumentException("The credentials lack " + name);
        return found.Groups[1].Value;
    }

    private static async Task<int> Call(string[] given)
    {
        string credentials = File.ReadAllText(Environment.GetEnvironmentVariable("COUNTERSIGN_CREDENTIALS") ?? "../../credentials.json");
        var handler = new SigningHandler(Member(credentials, "accessKey"), Member(credentials, "secret"))
        {
            CheckResponse = Environment.GetEnvironmentVariable("COUNTERSIGN_CHECK_RESPONSE") != null,
        };
        var request = new HttpRequestMessage(new HttpMethod(given[1]), given[2]);
        string body = given.Length > 4 ? given[4] : "";
        if (body != "")
        {
            bool isFile = body.StartsWith("@", StringComparison.Ordinal);
            request.Content = new ByteArrayContent(isFile ? File.ReadAllBytes(body.Substring(1)) : Encoding.UTF8.GetBytes(body));
            // Mono drops one that holds another line.
            request.Content.Headers.TryAddWithoutValidation("Content-Type", given[3]);
            if (given[3] != "" && !request.Content.Headers.Contains("Content-Type")) throw new ArgumentException("The content type is malformed.");
        }
        using (var client = new HttpClient(handler))
        using (HttpResponseMessage response = await client.SendAsync(request))
        {
            Console.WriteLine((int)response.StatusCode + "\n" + await response.Content.ReadAsStringAsync());
            return response.IsSuccessStatusCode ? 0 : 1;
        }
    }

    public static int Main(string[] given)
    {
        try
        {
            if (given[0] == "call") return Call(given).GetAwaiter().GetResult();
        }
        catch (HttpRequestException problem)
        {
            Console.Error.WriteLine(problem.InnerException == null ? problem.Message : problem.Message + " " + problem.InnerException.Message);
            return 1;
        }
        var folders = given.Skip(1).ToList();
        int failed = 0;
        foreach (string folder in folders)
        {
            string problem = Check(folder);
            if (problem == null) continue;
            Console.WriteLine(folder + ": " + problem);
            failed++;
        }
        Console.WriteLine("{0} of {1} cases agree", folders.Count - failed, folders.Count);
        return failed == 0 ? 0 : 1;
    }
}
