#include "agent/content_prefetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "fake_node.h"

namespace tagdrift::agent {
namespace {

/// What ends at once, on a machine that is busy with other tests.
constexpr std::chrono::seconds kSoon(30);

class ContentPrefetchTest : public testing::Test {
 protected:
  ContentPrefetchTest() {
    for (int i = 0; i < 40; ++i) {
      const SampleImage sample(std::to_string(i));
      node_.AddImage(sample);
      facts::CachedImage image{*image::Reference::Parse("r.io/app:" + std::to_string(i))};
      image.target = sample.digest();
      images_.push_back(image);
    }
  }

  /// Those that Next names until there is none left.
  static std::set<std::size_t> Rest(ContentPrefetch& prefetch) {
    std::set<std::size_t> named;
    while (const std::optional<std::size_t> image = prefetch.Next()) EXPECT_TRUE(named.insert(*image).second) << *image;
    return named;
  }

  FakeNode node_;
  const image::Platform platform_ = SamplePlatform();
  std::vector<facts::CachedImage> images_;
  std::stop_source stop_;
};

TEST_F(ContentPrefetchTest, NamesEachImageOnceWhenItIsRead) {
  node::ContentReader content(node_.store);
  ContentPrefetch prefetch(content, platform_, images_, {});
  EXPECT_EQ(Rest(prefetch).size(), images_.size());
  EXPECT_EQ(prefetch.Next(), std::nullopt);
  for (const facts::CachedImage& image : images_) EXPECT_TRUE(image.stored && image.stored->id) << image.unreadable;
  EXPECT_EQ(node_.store->content_lists, 1);
}

TEST_F(ContentPrefetchTest, NamesEachImageWithoutAContentStore) {
  node::ContentReader content(nullptr);
  ContentPrefetch prefetch(content, platform_, images_, {});
  EXPECT_EQ(Rest(prefetch).size(), images_.size());
  for (const facts::CachedImage& image : images_) EXPECT_EQ(image.stored, std::nullopt);
}

TEST_F(ContentPrefetchTest, NamesEachImageWhenTheRoundIsStopped) {
  node_.calls->HangAfter(10, true);
  node::ContentReader content(node_.store);
  ContentPrefetch prefetch(content, platform_, images_, {.stop = stop_.get_token()});
  ASSERT_TRUE(node_.calls->AwaitHanging());
  const auto start = std::chrono::steady_clock::now();
  stop_.request_stop();
  EXPECT_EQ(Rest(prefetch).size(), images_.size());
  EXPECT_LT(std::chrono::steady_clock::now() - start, kSoon);
  EXPECT_THAT(images_.back().unreadable, testing::EndsWith(": stopped"));
}

TEST_F(ContentPrefetchTest, EndsAtOnceWhileACallHangs) {
  node_.calls->HangAfter(10, true);
  node::ContentReader content(node_.store);
  const auto prefetch = std::make_unique<ContentPrefetch>(content, platform_, images_, CallContext());
  ASSERT_TRUE(node_.calls->AwaitHanging());
}

}  // namespace
}  // namespace tagdrift::agent
