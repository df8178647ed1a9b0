#include "tagdrift/image/reference.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace tagdrift::image {
namespace {

std::string Repeat(char c, std::size_t count) { return std::string(count, c); }

TEST(Reference, NormalisesAsContainerdDoes) {
  struct Row {
    const char* name;
    std::string input;
    std::string registry;
    std::string repository;
    std::string tag;
    std::string digest;
  };
  const Row rows[] = {
      {"bare name", "ubuntu", "docker.io", "library/ubuntu", "latest", ""},
      {"bare name and tag", "ubuntu:22.04", "docker.io", "library/ubuntu", "22.04", ""},
      {"library written out", "library/ubuntu", "docker.io", "library/ubuntu", "latest", ""},
      {"docker.io and no library", "docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", ""},
      {"legacy hub host", "index.docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", ""},
      {"hub API host stays as written", "registry-1.docker.io/ubuntu", "registry-1.docker.io", "ubuntu", "latest", ""},
      {"hub with port is another host", "docker.io:443/library/ubuntu", "docker.io:443", "library/ubuntu", "latest",
       ""},
      {"hub user", "user/app:v1.2-rc_3", "docker.io", "user/app", "v1.2-rc_3", ""},
      {"deep hub path", "docker.io/a/b/c", "docker.io", "a/b/c", "latest", ""},
      {"localhost", "localhost/app", "localhost", "app", "latest", ""},
      {"localhost and port", "localhost:5000/app:v1", "localhost:5000", "app", "v1", ""},
      {"localhost:5000 alone is name and tag", "localhost:5000", "docker.io", "library/localhost", "5000", ""},
      {"host-like name alone is a hub repository", "example.com", "docker.io", "library/example.com", "latest", ""},
      {"host:port alone is name and tag", "example.com:5000", "docker.io", "library/example.com", "5000", ""},
      {"plain first part is a hub user", "myhost/app", "docker.io", "myhost/app", "latest", ""},
      {"colon makes a host", "myhost:5000/app", "myhost:5000", "app", "latest", ""},
      {"upper case makes a host", "Myhost/app", "Myhost", "app", "latest", ""},
      {"deep path", "example.com/a/b/c:1", "example.com", "a/b/c", "1", ""},
      {"punycode host", "xn--n3h.com/app", "xn--n3h.com", "app", "latest", ""},
      {"port range unchecked", "example.com:80443/a", "example.com:80443", "a", "latest", ""},
      {"IPv4 host", "127.0.0.1:5000/a", "127.0.0.1:5000", "a", "latest", ""},
      {"IPv6 host", "[2001:db8::1]/ns/app", "[2001:db8::1]", "ns/app", "latest", ""},
      {"IPv6 host and port", "[::1]:5000/a:v1", "[::1]:5000", "a", "v1", ""},
      {"digest has no default tag", "gcr.io/p/x@sha256:" + Repeat('a', 64), "gcr.io", "p/x", "",
       "sha256:" + Repeat('a', 64)},
      {"tag dropped beside digest", "gcr.io/p/x:v1@sha256:" + Repeat('a', 64), "gcr.io", "p/x", "",
       "sha256:" + Repeat('a', 64)},
      {"sha512", "app@sha512:" + Repeat('b', 128), "docker.io", "library/app", "", "sha512:" + Repeat('b', 128)},
      {"id with tag is a name", Repeat('a', 64) + ":v1", "docker.io", "library/" + Repeat('a', 64), "v1", ""},
      {"digest-like text is a tag", "sha256:" + Repeat('a', 64), "docker.io", "library/sha256", Repeat('a', 64), ""},
      {"upper case tag", "example.com/app:TAG_1.0", "example.com", "app", "TAG_1.0", ""},
      {"tag starts with underscore", "app:_ok", "docker.io", "library/app", "_ok", ""},
      {"longest tag", "app:" + Repeat('t', 128), "docker.io", "library/app", Repeat('t', 128), ""},
      {"two underscores", "a__b/c", "docker.io", "a__b/c", "latest", ""},
      {"run of dashes", "a--b/c", "docker.io", "a--b/c", "latest", ""},
      {"host with underscore", "ex_ample.com/app", "ex_ample.com", "app", "latest", ""},
      {"host with underscore and tag", "ex_ample.com/a--b:v1", "ex_ample.com", "a--b", "v1", ""},
      {"host with underscore and digest", "ex_ample.com/a--b@sha384:" + Repeat('a', 96), "ex_ample.com", "a--b", "",
       "sha384:" + Repeat('a', 96)},
      {"host with underscore, tag and digest", "ex__ample.com/x/a--b:latest@sha256:" + Repeat('a', 64), "ex__ample.com",
       "x/a--b", "", "sha256:" + Repeat('a', 64)},
      {"longest path with its host", "ex_ample.com/" + Repeat('x', 242), "ex_ample.com", Repeat('x', 242), "latest",
       ""},
      {"longest path", "example.com/" + Repeat('x', 255), "example.com", Repeat('x', 255), "latest", ""},
      {"longest hub name", Repeat('x', 247), "docker.io", "library/" + Repeat('x', 247), "latest", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const absl::StatusOr<Reference> reference = Reference::Parse(row.input);
    ASSERT_TRUE(reference.ok()) << reference.status();
    EXPECT_EQ(reference->registry(), row.registry);
    EXPECT_EQ(reference->repository(), row.repository);
    EXPECT_EQ(reference->tag().value_or(""), row.tag);
    EXPECT_EQ(reference->digest() ? reference->digest()->text() : "", row.digest);
  }
}

TEST(Reference, RefusesWhatContainerdRefuses) {
  struct Row {
    const char* name;
    std::string input;
    std::string error;
  };
  const Row rows[] = {
      {"IPv6 zone", "[fe80::1%25eth0]:5000/a", "invalid reference format"},
      {"IPv4-mapped IPv6", "[::ffff:10.0.0.1]/a", "invalid reference format"},
      {"IPv6 without brackets", "::1/app", "invalid reference format"},
      {"digest too short for the grammar", "app@sha256:abc", "invalid reference format"},
      {"digest one too long", "app@sha256:" + Repeat('a', 64) + "0", "invalid checksum digest length"},
      {"digest in upper case", "app@sha256:" + Repeat('A', 64), "invalid checksum digest format"},
      {"digest algorithm not registered", "app@md5:cccccccccccccccccccccccccccccccc", "unsupported digest algorithm"},
      {"bare id", Repeat('a', 64),
       "invalid repository name (" + Repeat('a', 64) + "), cannot specify 64-byte hexadecimal strings"},
      {"upper case hub name", "Ubuntu", "invalid reference format: repository name (library/Ubuntu) must be lowercase"},
      {"upper case repository", "example.com/App", "invalid reference format: repository name (App) must be lowercase"},
      {"tag starts with dot", "app:.bad", "invalid reference format"},
      {"tag with plus", "app:v1+build", "invalid reference format"},
      {"empty tag", "app:", "invalid reference format"},
      {"empty digest", "app@", "invalid reference format"},
      {"tag too long", "app:" + Repeat('t', 129), "invalid reference format"},
      {"three underscores", "a___b/c", "invalid reference format"},
      {"two dots", "a..b/c", "invalid reference format"},
      {"component ends with dash", "a-/b", "invalid reference format"},
      {"empty component", "a//b", "invalid reference format"},
      {"ends with slash", "a/", "invalid reference format"},
      {"starts with slash", "/a", "invalid reference format"},
      {"scheme", "https://example.com/a", "invalid reference format"},
      {"leading space", " ubuntu", "invalid reference format"},
      {"empty", "", "invalid reference format"},
      {"path too long", "example.com/" + Repeat('x', 256), "repository name must not be more than 255 characters"},
      {"hub name too long after the prefix", Repeat('x', 248), "repository name must not be more than 255 characters"},
      {"host with underscore and port", "ex_ample.com:5000/app", "invalid reference format"},
      {"host with three underscores", "ex___ample.com/app", "invalid reference format"},
      {"host with underscore at its end", "ex_.com/app", "invalid reference format"},
      {"host with underscore in capitals", "Ex_ample.com/app", "repository name must be lowercase"},
      {"path too long with its host", "ex_ample.com/" + Repeat('x', 243),
       "repository name must not be more than 255 characters"},
      {"host lower-cased would be a path", "EX_AMPLE.com/app", "repository name must be lowercase"},
      {"port without digits", "host:/app", "invalid reference format"},
      {"second at sign", "app@sha256:" + Repeat('a', 64) + "@x", "invalid reference format"},
      {"zero byte", std::string("app\0x", 5), "invalid reference format"},
      {"newline", "app\n", "invalid reference format"},
      {"not ASCII", "app\xc3\xa9", "invalid reference format"},
      {"very long", Repeat('a', 1 << 20) + "/x", "repository name must not be more than 255 characters"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const absl::StatusOr<Reference> reference = Reference::Parse(row.input);
    ASSERT_FALSE(reference.ok()) << "parsed to " << reference->Canonical();
    EXPECT_EQ(reference.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(reference.status().message(), row.error);
  }
}

TEST(Reference, PrintsItsForms) {
  const Reference hub = *Reference::Parse("nginx:1.27");
  EXPECT_EQ(hub.Canonical(), "docker.io/library/nginx:1.27");
  EXPECT_EQ(hub.Familiar(), "nginx:1.27");
  EXPECT_EQ(hub.Name(), "docker.io/library/nginx");
  EXPECT_EQ(Reference::Parse("a/b")->Familiar(), "a/b:latest");
  EXPECT_EQ(Reference::Parse("docker.io/library/a/b")->Familiar(), "library/a/b:latest");
  EXPECT_EQ(Reference::Parse("quay.io/library/a")->Familiar(), "quay.io/library/a:latest");
}

TEST(Reference, AtADigestHasNoTag) {
  const Digest digest = Digest::OfBytes("x");
  const Reference pinned = Reference::Parse("quay.io/a/b:1")->At(digest);
  EXPECT_EQ(pinned.Canonical(), "quay.io/a/b@" + digest.text());
  EXPECT_FALSE(pinned.tag());
}

TEST(Reference, BothFormsParseToItself) {
  for (const char* text : {"nginx", "localhost:5000/a/b:v1", "[::1]:5000/a", "Host/a", "docker.io/a.b/c",
                           "docker.io/localhost/c", "docker.io/library/a.b", "ex_ample.com/a--b:v1"}) {
    const Reference reference = *Reference::Parse(text);
    EXPECT_EQ(*Reference::Parse(reference.Canonical()), reference) << text;
    EXPECT_EQ(*Reference::Parse(reference.Familiar()), reference) << text;
  }
}

/// What distribution/reference takes, as regular expressions written from its grammar.
struct Grammar {
  std::string component = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
  std::string label = "([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
  std::string host = "(" + label + "(\\." + label + ")*|\\[[a-fA-F0-9:]+\\])(:[0-9]+)?";
  std::regex path{component + "(/" + component + ")*"};
  std::regex with_host{host + "/" + component + "(/" + component + ")*"};
};

// Names whose first part reads as a registry, of every shape of that part and of the next.
TEST(Reference, TakesAGeneratedNameAsTheGrammarDoes) {
  const Grammar grammar;
  const std::string joints[] = {"", ".", "_", "__", "___", "-", "--", "._", "-.", "_-", ":", "..", "A"};
  int accepted = 0;
  for (const std::string& first : joints) {
    for (const std::string& second : joints) {
      for (const std::string& third : joints) {
        const std::string host = "a" + first + "b.c" + second;
        const std::string path = "d" + third + "e/f";
        const std::string name = host + "/" + path;
        SCOPED_TRACE(name);
        const bool fits = std::regex_match(name, grammar.with_host) || std::regex_match(name, grammar.path);
        const absl::StatusOr<Reference> reference = Reference::Parse(name + "@sha256:" + Repeat('a', 64));
        ASSERT_EQ(reference.ok(), fits) << reference.status();
        if (!fits) continue;
        ++accepted;
        EXPECT_EQ(reference->registry(), host);
        EXPECT_EQ(reference->repository(), path);
        EXPECT_EQ(*Reference::Parse(reference->Canonical()), *reference);
      }
    }
  }
  EXPECT_GT(accepted, 40);
}

TEST(IsRegistry, TellsARegistryFromAnImage) {
  for (const char* text : {"docker.io", "localhost", "localhost:5000", "registry:5000", "[::1]", "[fd00::1]:5000",
                           "10.0.0.1", "Host", "ex_ample.com", "my_reg.example:8443"}) {
    EXPECT_TRUE(IsRegistry(text)) << text;
  }
  for (const char* text : {"", "nginx", "nginx:latest", "nginx:1.27", "docker.io/library/nginx", "https://quay.io",
                           "quay.io/", "a b.c", "quay.io:", ":5000", "*"}) {
    EXPECT_FALSE(IsRegistry(text)) << text;
  }
}

}  // namespace
}  // namespace tagdrift::image
