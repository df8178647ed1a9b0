#include "origin_option.h"

#include <gtest/gtest.h>

namespace tagdrift::cli {
namespace {

std::string UrlOf(const std::string& value) {
  const auto origins = ReadOrigins({value});
  return origins.ok() ? origins->begin()->first + " " + origins->begin()->second.Url()
                      : std::string(origins.status().message());
}

TEST(OriginOption, MakesABaseUrl) {
  EXPECT_EQ(UrlOf("docker.io=https://registry-1.docker.io"), "docker.io https://registry-1.docker.io/v2");
  EXPECT_EQ(UrlOf("quay.io=http://m:5000/"), "quay.io http://m:5000/v2");
  EXPECT_EQ(UrlOf("quay.io=https://m/proxy/quay"), "quay.io https://m/proxy/quay/v2");
  EXPECT_EQ(UrlOf("registry.corp:5000=https://m/v2"), "registry.corp:5000 https://m/v2");
}

TEST(OriginOption, SaysWhatIsWrong) {
  EXPECT_EQ(UrlOf("quay.io"), "--origin 'quay.io': write REGISTRY=URL, e.g. docker.io=https://registry-1.docker.io");
  EXPECT_EQ(UrlOf("quay.io=m:5000"), "--origin 'quay.io=m:5000': the URL has to begin with https:// or http://");
  EXPECT_EQ(UrlOf("quay.io=https://"), "--origin 'quay.io=https://': the URL has no host");
  EXPECT_EQ(UrlOf("quay.io=https://u:p@m"),
            "--origin 'quay.io=https://xxxxx@m': the URL may have a host, a port and a path only");
}

TEST(OriginOption, DoesNotRepeatAPassword) {
  for (const char* value :
       {"quay.io=https://u:pl4nted@m", "quay.io=u:pl4nted@m", "https://u:pl4nted@m", "https://u:pl4nted=x@m"}) {
    EXPECT_EQ(UrlOf(value).find("pl4nted"), std::string::npos) << UrlOf(value);
  }
}

TEST(OriginOption, RefusesARegistryNamedTwice) {
  const auto origins = ReadOrigins({"quay.io=https://a", "quay.io=https://b"});
  EXPECT_EQ(std::string(origins.status().message()), "--origin: quay.io is named twice");
}

}  // namespace
}  // namespace tagdrift::cli
