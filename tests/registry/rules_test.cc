#include <gtest/gtest.h>

#include "registry/auth/realm_rules.h"
#include "registry/http/address.h"
#include "registry/http/redirect_rules.h"

namespace tagdrift::registry {
namespace {

TEST(Address, KnowsItsKind) {
  struct Row {
    const char* host;
    AddressKind kind;
  };
  for (const Row& row : {Row{"registry.example", AddressKind::kName},
                         Row{"localhost", AddressKind::kLoopback},
                         Row{"a.localhost.", AddressKind::kLoopback},
                         Row{"localhost.example", AddressKind::kName},
                         Row{"127.8.9.1", AddressKind::kLoopback},
                         Row{"2130706433", AddressKind::kLoopback},
                         Row{"0x7f.1", AddressKind::kLoopback},
                         Row{"[::1]", AddressKind::kLoopback},
                         Row{"[::ffff:10.0.0.1]", AddressKind::kPrivate},
                         Row{"169.254.169.254", AddressKind::kLinkLocal},
                         Row{"[fe80::1%eth0]", AddressKind::kLinkLocal},
                         Row{"0.0.0.0", AddressKind::kAny},
                         Row{"[::]", AddressKind::kAny},
                         Row{"10.1.2.3", AddressKind::kPrivate},
                         Row{"172.16.0.1", AddressKind::kPrivate},
                         Row{"172.32.0.1", AddressKind::kPublic},
                         Row{"192.168.1.1", AddressKind::kPrivate},
                         Row{"100.64.0.1", AddressKind::kPrivate},
                         Row{"100.128.0.1", AddressKind::kPublic},
                         Row{"[fd00::1]", AddressKind::kPrivate},
                         Row{"8.8.8.8", AddressKind::kPublic},
                         Row{"[2001:db8::1]", AddressKind::kPublic}}) {
    EXPECT_EQ(KindOfAddress(row.host), row.kind) << row.host;
  }
}

TEST(Address, FindsTheRegistrableDomain) {
  struct Row {
    const char* host;
    const char* domain;
  };
  for (const Row& row :
       {Row{"registry-1.docker.io", "docker.io"}, Row{"docker.io", "docker.io"},
        Row{"a.b.example.co.uk", "example.co.uk"}, Row{"co.uk", ""}, Row{"one.azurecr.io", "one.azurecr.io"},
        Row{"x.one.azurecr.io", "one.azurecr.io"}, Row{"localhost", ""}, Row{"10.0.0.1", ""},
        Row{"registry.example.", "registry.example"}, Row{"registry", ""}}) {
    EXPECT_EQ(RegistrableDomain(row.host), row.domain) << row.host;
  }
}

struct RealmRow {
  const char* name;
  const char* endpoint;
  const char* realm;
  bool with;     ///< sent with credentials
  bool without;  ///< sent without
};

class RealmRules : public testing::TestWithParam<RealmRow> {};

TEST_P(RealmRules, Decide) {
  const auto endpoint = ParseUrl(GetParam().endpoint);
  const auto realm = ParseUrl(GetParam().realm);
  ASSERT_TRUE(endpoint && realm);
  EXPECT_EQ(!WhyRealmRefused(*realm, *endpoint, true).has_value(), GetParam().with);
  EXPECT_EQ(!WhyRealmRefused(*realm, *endpoint, false).has_value(), GetParam().without);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RealmRules,
    testing::Values(
        RealmRow{"DockerHub", "https://registry-1.docker.io", "https://auth.docker.io/token", true, true},
        RealmRow{"SameHostOtherPort", "https://r.example.com:5000", "https://r.example.com:5001/t", true, true},
        RealmRow{"OtherDomain", "https://r.example.com", "https://auth.example.net/t", false, true},
        RealmRow{"CountryDomain", "https://r.one.co.uk", "https://auth.two.co.uk/t", false, true},
        RealmRow{"SharedCloudDomain", "https://one.azurecr.io", "https://two.azurecr.io/t", false, true},
        RealmRow{"PlainHttp", "https://r.example.com", "http://auth.example.com/t", false, false},
        RealmRow{"PlainHttpOnBothSides", "http://r.example.com", "http://auth.example.com/t", true, true},
        RealmRow{"User", "https://r.example.com", "https://u@auth.example.com/t", false, false},
        RealmRow{"Fragment", "https://r.example.com", "https://auth.example.com/t#x", false, false},
        RealmRow{"Loopback", "https://r.example.com", "https://127.0.0.1/t", false, false},
        RealmRow{"Localhost", "https://r.example.com", "https://localhost/t", false, false},
        RealmRow{"Private", "https://r.example.com", "https://10.0.0.1/t", false, false},
        RealmRow{"Metadata", "https://r.example.com", "https://169.254.169.254/t", false, false},
        RealmRow{"OddSpelling", "https://r.example.com", "https://0x7f.1/t", false, false},
        RealmRow{"OwnPrivateAddress", "https://10.0.0.1:5000", "https://10.0.0.1/t", true, true},
        RealmRow{"OtherPrivateAddress", "https://10.0.0.1", "https://10.0.0.2/t", false, false},
        RealmRow{"PublicAddress", "https://r.example.com", "https://8.8.8.8/t", false, true},
        RealmRow{"FromLoopback", "http://127.0.0.1:5000", "http://127.0.0.1:5001/t", true, true},
        RealmRow{"FromLocalhostToLoopback", "http://localhost:5000", "http://127.0.0.1:5001/t", false, true}),
    [](const auto& row) { return row.param.name; });

TEST(RedirectRules, KnowWhatGoSendsAlong) {
  const Url host = *ParseUrl("https://registry.example/v2/");
  for (const char* name : {"X-Team", "X-JFrog-Art-Api", "Proxy-Authorization"}) {
    EXPECT_TRUE(GoSendsAlong(name, host, *ParseUrl("https://cdn.example/x"))) << name;
  }
  for (const char* name : {"Authorization", "COOKIE", "Cookie2", "www-authenticate"}) {
    EXPECT_FALSE(GoSendsAlong(name, host, *ParseUrl("https://cdn.example/x"))) << name;
    EXPECT_FALSE(GoSendsAlong(name, host, *ParseUrl("https://badregistry.example/x"))) << name;
    EXPECT_TRUE(GoSendsAlong(name, host, *ParseUrl("https://a.registry.example/x"))) << name;
    EXPECT_TRUE(GoSendsAlong(name, host, *ParseUrl("https://registry.example:8443/x"))) << name;
  }
}

}  // namespace
}  // namespace tagdrift::registry
