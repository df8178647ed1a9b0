// Which digest a HEAD's headers name. Where containerd goes by other rules than registries' habits suggest, its rules
// count: the forecast is about its pulls.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "played_exchange.h"
#include "tagdrift/hosts/walk.h"

namespace tagdrift::registry {
namespace {

hosts::Resolution WalkOver(const hosts::RegistryHost& host, const hosts::Answer& answer) {
  hosts::RegistryConfig config;
  config.registry = host.host;
  config.hosts = {host};
  return hosts::ResolveTag(config, {2, 1, 9}, hosts::Puller::kWithCredentials, "registry.example/team/app:v1",
                           [&answer](std::size_t) { return &answer; });
}

HttpResponse WithHeaders(const nlohmann::json& headers) {
  HttpResponse response = Respond(200, {{"content-length", "2"}}, "{}");
  for (const auto& header : headers) {
    std::string name = header[0];
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string value = header[1];
    value.erase(0, value.find_first_not_of(' '));
    value.erase(value.find_last_not_of(' ') + 1);
    response.headers.emplace_back(std::move(name), std::move(value));
  }
  if (response.Header("content-type") == nullptr) {
    response.headers.emplace_back("content-type", "application/vnd.oci.image.manifest.v1+json");
  }
  return response;
}

TEST(DigestHeader, IsReadAsContainerdReadsIt) {
  std::ifstream file(TAGDRIFT_TEST_DATA "/digest_headers.json");
  const auto vectors = nlohmann::json::parse(file, nullptr, false);
  ASSERT_EQ(vectors.size(), 10U);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto host = Host("https", "registry.example");
    host->capabilities = {hosts::Capability::kPull, hosts::Capability::kResolve};
    const HttpResponse response = WithHeaders(vector["headers"]);
    const Played played =
        Player().Play(AskTag(host), Anonymous(), [&response](const HttpRequest&) { return response; });
    const hosts::Resolution walk = WalkOver(*host, played.answer());
    const auto* resolved = std::get_if<hosts::Resolved>(&walk.end);
    const std::string expected = vector["expected"];
    EXPECT_EQ(played.requests.size(), expected == "get" ? 2U : 1U);
    if (expected == "invalid") {
      EXPECT_TRUE(std::holds_alternative<hosts::Fails>(walk.end));
      EXPECT_EQ(walk.steps.back().why, hosts::WalkReason::kInvalidDigest);
      continue;
    }
    ASSERT_NE(resolved, nullptr);
    EXPECT_EQ(resolved->digest.text(), expected == "get" ? image::Digest::OfBytes("{}").text() : kDigest);
    EXPECT_EQ(resolved->media_type,
              expected == "not a manifest" ? "text/html" : "application/vnd.oci.image.manifest.v1+json");
  }
}

}  // namespace
}  // namespace tagdrift::registry
