// What a client's certificate makes of him.
#include "serve/certificate_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tagdrift/text/printable.h"

namespace tagdrift::serve {
namespace {

using testing::HasSubstr;

Caller Of(const TlsAccess& access, const std::vector<std::string>& names) {
  return CallerNamed(access, names, "10.0.0.5:43210");
}

TEST(CertificateNames, WithoutPatternsEverybodyReadsAndNobodyActs) {
  EXPECT_EQ(Of({}, {"ci.corp"}).role, Role::kReader);
  EXPECT_EQ(Of({}, {}).role, Role::kReader);
  EXPECT_EQ(Of({}, {"ci.corp"}).name, "ci.corp at 10.0.0.5:43210");
}

TEST(CertificateNames, WhoMatchesNoPatternMayDoNothing) {
  const TlsAccess access{.readers = {"*.read.corp"}, .operators = {"ops.corp"}};
  EXPECT_EQ(Of(access, {"a.b.read.corp"}).role, Role::kReader);
  EXPECT_EQ(Of(access, {"other.corp", "ops.corp"}).role, Role::kOperator);
  EXPECT_EQ(Of(access, {"other.corp", "ops.corp"}).name, "ops.corp at 10.0.0.5:43210");
  EXPECT_EQ(Of(access, {"ops.corp.evil"}).role, std::nullopt);
  EXPECT_EQ(Of(access, {""}).role, std::nullopt);
  EXPECT_EQ(Of(access, {}).role, std::nullopt);
}

TEST(CertificateNames, AStarCrossesSlashesAndBracketsAreThemselves) {
  const TlsAccess access{.readers = {"x"}, .operators = {"spiffe://corp/*/ops", "https://[::1]/*"}};
  EXPECT_EQ(Of(access, {"spiffe://corp/ns/kube/ops"}).role, Role::kOperator);
  EXPECT_EQ(Of(access, {"https://[::1]/x"}).role, Role::kOperator);
  EXPECT_EQ(Of(access, {"https://:/x"}).role, std::nullopt);
}

TEST(CertificateNames, ANameWithANulIsNotTheNameBeforeIt) {
  const TlsAccess access{.readers = {"x"}, .operators = {"ops.corp"}};
  EXPECT_EQ(Of(access, {std::string("ops.corp\0.evil", 14)}).role, std::nullopt);
}

TEST(CertificateNames, WhatLogsShowIsPrintableAndShort) {
  const Caller caller = Of({}, {std::string(5000, '\n')});
  EXPECT_TRUE(text::IsPrintable(caller.name));
  EXPECT_LT(caller.name.size(), 1000U);
  EXPECT_THAT(caller.name, HasSubstr(" at 10.0.0.5:43210"));
}

TEST(CertificateNames, WhoHasTheSameNameIsOneCallerFromEverywhere) {
  EXPECT_EQ(CallerNamed({}, {"ci.corp"}, "10.0.0.6:1").id, Of({}, {"ci.corp"}).id);
  EXPECT_NE(Of({}, {"ci.corp"}).id, Of({}, {"cd.corp"}).id);
  EXPECT_NE(Of({}, {std::string(5000, 'x') + "1"}).id, Of({}, {std::string(5000, 'x') + "2"}).id);
  EXPECT_NE(Of({}, {"uid 0"}).id, "uid 0") << "who is no user of this node";
}

TEST(CertificateNames, ThePlaceIsReadFromWhatGrpcSays) {
  EXPECT_EQ(PlaceOf("ipv4:10.0.0.5:43210"), "10.0.0.5:43210");
  EXPECT_EQ(PlaceOf("ipv6:%5B::1%5D:43210"), "[::1]:43210");
}

}  // namespace
}  // namespace tagdrift::serve
