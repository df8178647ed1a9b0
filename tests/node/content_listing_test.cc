#include "tagdrift/node/content_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(ContentListing, TellsWhatWasAddedInAnyOrder) {
  ContentListing listing;
  for (const char digit : {'3', 'a', '1', 'f'}) EXPECT_EQ(listing.Add(IdOf(digit)), nullptr);
  listing.Complete();
  EXPECT_EQ(listing.size(), 4U);
  for (const char digit : {'1', '3', 'a', 'f'}) EXPECT_TRUE(listing.Has(DigestOf(digit))) << digit;
  for (const char digit : {'0', '2', 'b'}) EXPECT_FALSE(listing.Has(DigestOf(digit))) << digit;
}

TEST(ContentListing, KeepsLabelsOfWhatIsWantedOnly) {
  ContentListing listing({DigestOf('1'), DigestOf('2'), DigestOf('3')});
  auto* labels = listing.Add(IdOf('1'));
  ASSERT_NE(labels, nullptr);
  labels->emplace("key", "value");
  ASSERT_NE(listing.Add(IdOf('2')), nullptr);
  EXPECT_EQ(listing.Add(IdOf('4')), nullptr);
  listing.Complete();
  EXPECT_THAT(*listing.LabelsOf(DigestOf('1')), ElementsAre(Pair("key", "value")));
  EXPECT_THAT(*listing.LabelsOf(DigestOf('2')), IsEmpty());
  EXPECT_EQ(listing.LabelsOf(DigestOf('3')), nullptr) << "wanted and not listed";
  EXPECT_EQ(listing.LabelsOf(DigestOf('4')), nullptr) << "listed and not wanted";
}

TEST(ContentListing, KnowsNothingOfOtherDigests) {
  const image::Digest longer = *image::Digest::Parse("sha512:" + std::string(128, 'a'));
  ContentListing listing({longer});
  for (const std::string& digest :
       {longer.text(), std::string("sha256:"), std::string("sha256:" + std::string(64, 'g')),
        std::string("sha256:" + std::string(63, 'a')), std::string()}) {
    EXPECT_EQ(listing.Add(digest), nullptr) << digest;
  }
  listing.Complete();
  EXPECT_EQ(listing.size(), 5U) << "it counts all the same";
  EXPECT_FALSE(listing.Has(longer));
  EXPECT_EQ(listing.LabelsOf(longer), nullptr);
  EXPECT_FALSE(listing.Has(DigestOf('a')));
}

}  // namespace
}  // namespace tagdrift::node
