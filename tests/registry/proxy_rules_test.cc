#include "registry/http/proxy_rules.h"

#include <gtest/gtest.h>

#include "tagdrift/registry/proxies.h"

namespace tagdrift::registry {
namespace {

struct NoProxyRow {
  const char* name;
  const char* entry;
  const char* url;
  bool direct;
};

class NoProxy : public testing::TestWithParam<NoProxyRow> {};

TEST_P(NoProxy, IsReadAsGoDoes) {
  const std::map<std::string, std::string> environment = {{"HTTPS_PROXY", "http://proxy.example:3128"},
                                                          {"NO_PROXY", GetParam().entry}};
  EXPECT_EQ(ProxyFor(*ParseUrl(GetParam().url), environment).empty(), GetParam().direct);
}

INSTANTIATE_TEST_SUITE_P(Rows, NoProxy,
                         testing::Values(NoProxyRow{"Name", "example.com", "https://example.com", true},
                                         NoProxyRow{"NameBelow", "example.com", "https://www.example.com:5000", true},
                                         NoProxyRow{"NameOther", "example.com", "https://badexample.com", false},
                                         NoProxyRow{"DotBelow", ".example.com", "https://www.example.com", true},
                                         NoProxyRow{"DotItself", ".example.com", "https://example.com", false},
                                         NoProxyRow{"StarBelow", "*.example.com", "https://www.example.com", true},
                                         NoProxyRow{"StarItself", "*.example.com", "https://example.com", false},
                                         NoProxyRow{"Star", "*", "https://example.com", true},
                                         NoProxyRow{"StarInList", "foo,*", "https://example.com", true},
                                         NoProxyRow{"PortEqual", "example.com:5000", "https://example.com:5000", true},
                                         NoProxyRow{"PortMissing", "example.com:5000", "https://example.com", false},
                                         NoProxyRow{"PortOfScheme", "example.com:443", "https://example.com", true},
                                         NoProxyRow{"Network", "10.0.0.0/8", "https://10.1.2.3:5000", true},
                                         NoProxyRow{"NetworkOther", "10.0.0.0/9", "https://10.200.2.3", false},
                                         NoProxyRow{"NetworkName", "10.0.0.0/8", "https://example.com", false},
                                         NoProxyRow{"Address", "10.1.2.3", "https://10.1.2.3:5000", true},
                                         NoProxyRow{"AddressPort", "10.1.2.3:5000", "https://10.1.2.3:5000", true},
                                         NoProxyRow{"AddressOtherPort", "10.1.2.3:5000", "https://10.1.2.3", false},
                                         NoProxyRow{"V6Network", "fd00::/8", "https://[fd00::1]", true},
                                         NoProxyRow{"V6Address", "fd00::1", "https://[fd00::1]:5000", true},
                                         NoProxyRow{"V6Brackets", "[fd00::1]", "https://[fd00::1]", false},
                                         NoProxyRow{"V6BracketsPort", "[fd00::1]:5000", "https://[fd00::1]:5000", true},
                                         NoProxyRow{"Suffix", "svc", "https://reg.svc", true},
                                         NoProxyRow{"SpaceSeparated", "a.com b.com", "https://b.com", false},
                                         NoProxyRow{"CommaSpace", "a.com, b.com", "https://b.com", true},
                                         NoProxyRow{"TrailingDot", "example.com.", "https://example.com", false},
                                         NoProxyRow{"Case", "EXAMPLE.com", "https://example.COM", true},
                                         NoProxyRow{"Localhost", "", "https://localhost:5000", true},
                                         NoProxyRow{"Loopback", "", "https://127.8.8.8", true},
                                         NoProxyRow{"LoopbackV6", "", "https://[::1]:5000", true},
                                         NoProxyRow{"Other", "", "https://example.com", false}),
                         [](const auto& row) { return row.param.name; });

struct VariableRow {
  const char* name;
  std::map<std::string, std::string> environment;
  const char* url;
  const char* proxy;
};

class ProxyVariable : public testing::TestWithParam<VariableRow> {};

TEST_P(ProxyVariable, IsReadAsGoDoes) {
  EXPECT_EQ(ProxyFor(*ParseUrl(GetParam().url), GetParam().environment), GetParam().proxy);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ProxyVariable,
    testing::Values(
        VariableRow{"UpperHttp", {{"HTTP_PROXY", "http://p:1"}}, "http://r.example", "http://p:1"},
        VariableRow{"LowerHttp", {{"http_proxy", "http://p:1"}}, "http://r.example", "http://p:1"},
        VariableRow{"HttpNotForHttps", {{"HTTP_PROXY", "http://p:1"}}, "https://r.example", ""},
        VariableRow{"LowerHttps", {{"https_proxy", "http://p:1"}}, "https://r.example", "http://p:1"},
        VariableRow{"AllIsIgnored", {{"ALL_PROXY", "http://p:1"}}, "https://r.example", ""},
        VariableRow{"UpperFirst",
                    {{"HTTPS_PROXY", "http://p:1"}, {"https_proxy", "http://q:1"}},
                    "https://r.example",
                    "http://p:1"},
        VariableRow{"NoScheme", {{"HTTPS_PROXY", "p:1"}}, "https://r.example", "http://p:1"},
        VariableRow{"Socks", {{"HTTPS_PROXY", "socks5://p:1"}}, "https://r.example", "socks5h://p:1"},
        VariableRow{"Cgi", {{"HTTP_PROXY", "http://p:1"}, {"REQUEST_METHOD", "GET"}}, "http://r.example", ""},
        VariableRow{"LowerNo", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "r.example"}}, "https://r.example", ""}),
    [](const auto& row) { return row.param.name; });

TEST(MayBeProxied, IsSoOfAllHostsButThoseThatGoReachesDirectly) {
  for (const char* host : {"localhost:5000", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000"}) {
    EXPECT_FALSE(MayBeProxied({.scheme = "http", .host = host, .path = "/v2"})) << host;
  }
  for (const char* host : {"registry.corp", "10.1.2.3:5000", "0.0.0.0:5000", "[fd00::1]", "localhost.corp"}) {
    EXPECT_TRUE(MayBeProxied({.scheme = "https", .host = host, .path = "/v2"})) << host;
  }
}

}  // namespace
}  // namespace tagdrift::registry
