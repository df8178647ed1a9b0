#include "registry/exchange/product.h"

#include <gtest/gtest.h>

#include "played_exchange.h"

namespace tagdrift::registry {
namespace {

using hosts::Product;

HttpResponse RespondWith(Headers headers) {
  headers.emplace_back("docker-distribution-api-version", "registry/2.0");
  headers.emplace_back("docker-content-digest", kDigest);
  headers.emplace_back("content-length", "10");
  return Respond(200, std::move(headers));
}

TEST(Product, IsReadFromWhatTheAnswerGivesAway) {
  const auto product = [](Headers headers) {
    return Player()
        .Play(AskTag(Host("https", "mirror.example")), Anonymous(),
              [&](const HttpRequest&) { return RespondWith(headers); })
        .answer()
        .product;
  };
  EXPECT_EQ(product({}), Product::kDistribution);
  EXPECT_EQ(product({{"server", "Nexus/3.70.1-02 (OSS)"}}), Product::kNexus);
  EXPECT_EQ(product({{"x-jfrog-version", "Artifactory/7.90.8"}}), Product::kArtifactory);
  EXPECT_EQ(product({{"x-harbor-csrf-token", "x"}}), Product::kHarbor);
  EXPECT_EQ(product({{"oci-namespace", "docker.io"}}), Product::kSpegel);
}

TEST(Product, IsReadFromTheChallengeThatWasMet) {
  Challenge challenge{.scheme = "bearer", .parameters = {{"service", "harbor-registry"}}, .token68 = ""};
  EXPECT_EQ(ProductOf(RespondWith({}), challenge), Product::kHarbor);
  challenge.parameters = {{"realm", "Sonatype Nexus Repository Manager"}};
  EXPECT_EQ(ProductOf(RespondWith({}), challenge), Product::kNexus);
}

TEST(Product, OfWhereARedirectLeadsIsNotTheHosts) {
  const Played played =
      Player().Play(AskTag(Host("https", "mirror.example")), Anonymous(), [](const HttpRequest& request) {
        if (request.url.host != "mirror.example") return RespondWith({{"x-jfrog-version", "1"}});
        return Respond(307, {{"location", "https://elsewhere.example/x"}});
      });
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().product, Product::kUnknown);
}

}  // namespace
}  // namespace tagdrift::registry
