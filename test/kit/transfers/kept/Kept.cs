// Sends two requests of each method by one client, and prints what becomes of them.
using System;
using System.Net.Http;
using Countersign;

public static class Kept
{
    public static void Main(string[] given)
    {
        var client = new HttpClient(new SigningHandler("partner", "ssssssssssssssssssssssssssssssss"));
        foreach (string method in new[] { "GET", "GET", "POST", "POST" })
        {
            var request = new HttpRequestMessage(new HttpMethod(method), given[0]);
            if (method == "POST") request.Content = new StringContent("{}");
            try
            {
                Console.WriteLine((int)client.SendAsync(request).Result.StatusCode);
            }
            catch (AggregateException)
            {
                Console.WriteLine("error");
            }
        }
    }
}
