#include "conformance_suite.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "all_calls.h"
#include "ending_in.h"
#include "tagdrift/text/text.h"

namespace tagdrift::node {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

constexpr std::chrono::seconds kSoon(30);
constexpr std::chrono::seconds kPatience(20);

std::vector<ImageEvent::Kind> KindsOf(const std::vector<ImageEvent>& events) {
  std::vector<ImageEvent::Kind> kinds;
  for (const ImageEvent& event : events) kinds.push_back(event.kind);
  return kinds;
}

std::vector<std::string> IdsOf(const std::vector<Lease>& leases) {
  std::vector<std::string> ids;
  for (const Lease& lease : leases) ids.push_back(lease.id);
  return ids;
}

}  // namespace

std::string Conformance::Own(const std::string& name) {
  std::string own = testing::UnitTest::GetInstance()->current_test_info()->name();
  own = text::Lower(own.substr(0, own.find('/')));
  return own + "/" + name;
}

OfferedImage Conformance::Pulled(const std::string& name) {
  OfferedImage image = Offer(name);
  const auto pulled = clients().cri_actions->PullImage(image.Tag(), std::nullopt, EndingIn(kPatience));
  EXPECT_TRUE(pulled.ok()) << pulled.status();
  return image;
}

ImageRecord Conformance::RecordOf(const std::string& name) {
  const auto record = containerd().GetImage(name, {});
  EXPECT_TRUE(record.ok() && record->has_value()) << name << ": " << record.status();
  return record.ok() && record->has_value() ? **record : ImageRecord();
}

std::string Conformance::TargetOf(const std::string& name) {
  const auto record = containerd().GetImage(name, {});
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() && record->has_value() ? (*record)->target_digest : "";
}

bool Conformance::CriFollowsTo(const std::string& name, const std::string& id) {
  const CallContext patience = EndingIn(kPatience);
  while (true) {
    const auto status = cri().ImageStatus(name, patience);
    if (!status.ok()) return false;
    if ((status->has_value() ? (*status)->id : "") == id) return true;
  }
}

TEST_P(Conformance, NamesAPulledTagByTagDigestAndId) {
  const OfferedImage image = Offer("app");
  const auto pulled = clients().cri_actions->PullImage(image.Tag(), std::nullopt, EndingIn(kPatience));
  ASSERT_TRUE(pulled.ok()) << pulled.status();
  EXPECT_EQ(*pulled, image.id);
  EXPECT_EQ(TargetOf(image.Tag()), image.digest.text());
  EXPECT_EQ(TargetOf(image.DigestName()), image.digest.text());
  EXPECT_EQ(TargetOf(image.id), image.digest.text());
}

TEST_P(Conformance, NamesAnImagePulledByDigestByDigestAndIdOnly) {
  const OfferedImage image = Offer("app");
  const auto pulled = clients().cri_actions->PullImage(image.DigestName(), std::nullopt, EndingIn(kPatience));
  ASSERT_TRUE(pulled.ok()) << pulled.status();
  EXPECT_EQ(*pulled, image.id);
  EXPECT_EQ(TargetOf(image.DigestName()), image.digest.text());
  EXPECT_EQ(TargetOf(image.id), image.digest.text());
  EXPECT_EQ(TargetOf(image.Tag()), "");
}

TEST_P(Conformance, FailsToPullWhatNoRegistryOffers) {
  const OfferedImage image = Offer("app");
  EXPECT_FALSE(clients().cri_actions->PullImage(image.repository + ":none", {}, EndingIn(kPatience)).ok());
  EXPECT_EQ(TargetOf(image.repository + ":none"), "");
}

TEST_P(Conformance, ListsWhatItGets) {
  const OfferedImage image = Pulled("app");
  const auto all = containerd().ListImages({});
  ASSERT_TRUE(all.ok()) << all.status();
  std::vector<std::string> names;
  for (const ImageRecord& record : *all) names.push_back(record.name);
  EXPECT_THAT(names, IsSupersetOf({image.Tag(), image.DigestName(), image.id}));
  const ImageRecord record = RecordOf(image.Tag());
  const auto listed = std::find_if(all->begin(), all->end(), [&](const auto& one) { return one.name == image.Tag(); });
  EXPECT_EQ(listed->target_digest, record.target_digest);
  EXPECT_EQ(listed->target_media_type, record.target_media_type);
  EXPECT_EQ(listed->target_size, record.target_size);
  EXPECT_EQ(listed->labels, record.labels);
  EXPECT_EQ(TargetOf("none.test/none:1"), "");
}

TEST_P(Conformance, PointsANameElsewhereAndKeepsItsLabels) {
  const OfferedImage image = Pulled("app");
  const OfferedImage other = Pulled("other");
  const ImageRecord before = RecordOf(image.Tag());
  EXPECT_THAT(before.labels, Contains(testing::Pair("io.cri-containerd.image", "managed")));
  const ImageRecord target = RecordOf(other.Tag());
  ASSERT_TRUE(actions().PointTo(image.Tag(), target, {}).ok());
  const ImageRecord after = RecordOf(image.Tag());
  EXPECT_EQ(after.target_digest, other.digest.text());
  EXPECT_EQ(after.target_media_type, target.target_media_type);
  EXPECT_EQ(after.target_size, target.target_size);
  EXPECT_EQ(after.labels, before.labels);
  EXPECT_EQ(TargetOf(image.DigestName()), image.digest.text()) << "no other name moves";
}

TEST_P(Conformance, CreatesTheDigestNameThatAPullWouldHaveLeft) {
  const OfferedImage image = Pulled("app");
  ImageRecord record = RecordOf(image.DigestName());
  EXPECT_TRUE(absl::IsAlreadyExists(actions().CreateName(record, {})));
  ASSERT_TRUE(actions().DeleteName(record.name, image.digest, {}).value_or(false));
  EXPECT_TRUE(CriFollowsTo(record.name, ""));
  ASSERT_TRUE(actions().CreateName(record, {}).ok());
  EXPECT_TRUE(CriFollowsTo(record.name, image.id));
  const ImageRecord created = RecordOf(record.name);
  EXPECT_EQ(created.target_digest, record.target_digest);
  EXPECT_EQ(created.target_media_type, record.target_media_type);
  EXPECT_EQ(created.target_size, record.target_size);
  EXPECT_EQ(created.labels, record.labels);
  const auto status = cri().ImageStatus(image.id, {});
  ASSERT_TRUE(status.ok() && status->has_value()) << status.status();
  EXPECT_THAT((*status)->repo_digests, ElementsAre(record.name));
}

TEST_P(Conformance, PointsNoNameThatDoesNotExist) {
  const OfferedImage image = Pulled("app");
  const std::string none = image.repository + ":none";
  EXPECT_TRUE(absl::IsNotFound(actions().PointTo(none, RecordOf(image.Tag()), {})));
  EXPECT_EQ(TargetOf(none), "");
}

TEST_P(Conformance, DeletesOneNameOnce) {
  const OfferedImage image = Pulled("app");
  const auto first = actions().DeleteName(image.Tag(), image.digest, {});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(*first);
  EXPECT_EQ(TargetOf(image.Tag()), "");
  EXPECT_EQ(TargetOf(image.DigestName()), image.digest.text());
  const auto again = actions().DeleteName(image.Tag(), image.digest, {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(*again);
}

TEST_P(Conformance, ComparesTheTargetOfANameToDeleteFromVersionTwoOn) {
  const OfferedImage image = Pulled("app");
  const auto deleted = actions().DeleteName(image.Tag(), image::Digest::OfBytes("other"), {});
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(*deleted, node_->DeletesAnyTarget());
  EXPECT_EQ(TargetOf(image.Tag()), node_->DeletesAnyTarget() ? "" : image.digest.text());
}

TEST_P(Conformance, HasTheCriFollowTheImageStore) {
  const OfferedImage image = Pulled("app");
  const OfferedImage other = Pulled("other");
  EXPECT_TRUE(CriFollowsTo(image.Tag(), image.id));
  ASSERT_TRUE(actions().PointTo(image.Tag(), RecordOf(other.Tag()), {}).ok());
  EXPECT_TRUE(CriFollowsTo(image.Tag(), other.id));
  EXPECT_TRUE(CriFollowsTo(image.DigestName(), image.id));
  ASSERT_TRUE(actions().DeleteName(image.Tag(), other.digest, {}).ok());
  EXPECT_TRUE(CriFollowsTo(image.Tag(), ""));
  EXPECT_TRUE(CriFollowsTo(other.Tag(), other.id));
}

TEST_P(Conformance, ResolvesTagsDigestNamesAndIds) {
  const OfferedImage image = Pulled("app");
  const std::string bare = image.id.substr(image.id.find(':') + 1);
  for (const std::string& name : {image.Tag(), image.DigestName(), image.id, bare, bare.substr(0, 20)}) {
    SCOPED_TRACE(name);
    const auto status = cri().ImageStatus(name, {});
    ASSERT_TRUE(status.ok() && status->has_value()) << status.status();
    EXPECT_EQ((*status)->id, image.id);
    EXPECT_THAT((*status)->repo_tags, ElementsAre(image.Tag()));
    EXPECT_THAT((*status)->repo_digests, ElementsAre(image.DigestName()));
  }
  const auto none = cri().ImageStatus(image.repository + ":none", {});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(*none, std::nullopt);
  const auto all = cri().ListImages({});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(std::count_if(all->begin(), all->end(), [&](const CriImage& one) { return one.id == image.id; }), 1);
}

TEST_P(Conformance, RemovesAnImageWithAllItsNames) {
  const OfferedImage image = Pulled("app");
  ASSERT_TRUE(clients().cri_actions->RemoveImage(image.id, {}).ok());
  for (const std::string& name : {image.Tag(), image.DigestName(), image.id}) EXPECT_EQ(TargetOf(name), "") << name;
  EXPECT_TRUE(CriFollowsTo(image.Tag(), ""));
  EXPECT_TRUE(clients().cri_actions->RemoveImage(image.id, {}).ok()) << "what is gone is fine";
}

TEST_P(Conformance, ReadsContent) {
  const OfferedImage image = Pulled("app");
  const auto info = containerd().Info(image.digest, {});
  ASSERT_TRUE(info.ok() && info->has_value()) << info.status();
  EXPECT_EQ((*info)->size, RecordOf(image.Tag()).target_size);
  const auto bytes = containerd().Read(image.digest, 1 << 20, {});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(image::Digest::OfBytes(*bytes), image.digest);
  EXPECT_EQ(static_cast<std::int64_t>(bytes->size()), (*info)->size);
  EXPECT_TRUE(absl::IsResourceExhausted(containerd().Read(image.digest, bytes->size() - 1, {}).status()));
}

TEST_P(Conformance, MarksWhereContentCameFromAndWhatWasUnpacked) {
  const OfferedImage image = Pulled("app");
  const auto manifest = containerd().Info(image.digest, {});
  ASSERT_TRUE(manifest.ok() && manifest->has_value()) << manifest.status();
  const std::string repository = image.repository.substr(image.repository.find('/') + 1);
  EXPECT_THAT((*manifest)->labels,
              Contains(testing::Pair(testing::StartsWith("containerd.io/distribution.source."), repository)));

  const auto config = containerd().Info(*image::Digest::Parse(image.id), {});
  ASSERT_TRUE(config.ok() && config->has_value()) << config.status();
  const std::string prefix = "containerd.io/gc.ref.snapshot.";
  const auto label = (*config)->labels.lower_bound(prefix);
  ASSERT_TRUE(label != (*config)->labels.end() && label->first.starts_with(prefix));
  const std::string snapshotter = label->first.substr(prefix.size());
  EXPECT_TRUE(actions().HasSnapshot(snapshotter, label->second, {}).value_or(false));
  const auto none = actions().HasSnapshot(snapshotter, image::Digest::OfBytes("none").text(), {});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(*none);
}

TEST_P(Conformance, ReadsManyBlobsAsItReadsEach) {
  const OfferedImage image = Pulled("app");
  const OfferedImage other = Pulled("other");
  const image::Digest none = image::Digest::OfBytes("none");
  std::vector<image::Digest> wanted = {image.digest, none, other.digest};
  std::map<image::Digest, absl::StatusOr<std::string>> read;
  const auto next = [&]() -> std::optional<image::Digest> {
    if (wanted.empty()) return std::nullopt;
    const image::Digest digest = wanted.back();
    wanted.pop_back();
    return digest;
  };
  const auto on_read = [&](const image::Digest& digest, absl::StatusOr<std::string> bytes) {
    EXPECT_TRUE(read.emplace(digest, std::move(bytes)).second) << digest.text();
    // Known only now: it is asked for as well.
    if (digest == image.digest) wanted.push_back(*image::Digest::Parse(image.id));
  };
  containerd().ReadMany(next, on_read, 1 << 20, {});
  EXPECT_EQ(read.size(), 4U);
  for (const image::Digest& digest : {image.digest, other.digest, *image::Digest::Parse(image.id)}) {
    ASSERT_TRUE(read.contains(digest)) << digest.text();
    ASSERT_TRUE(read.at(digest).ok()) << read.at(digest).status();
    EXPECT_EQ(image::Digest::OfBytes(*read.at(digest)), digest);
  }
  ASSERT_TRUE(read.contains(none));
  EXPECT_TRUE(absl::IsNotFound(read.at(none).status())) << read.at(none).status();

  const std::size_t size = read.at(image.digest)->size();
  read.clear();
  wanted = {image.digest};
  containerd().ReadMany(next, [&](const auto& digest, auto bytes) { read.emplace(digest, std::move(bytes)); }, size - 1,
                        {});
  ASSERT_TRUE(read.contains(image.digest));
  EXPECT_TRUE(absl::IsResourceExhausted(read.at(image.digest).status())) << read.at(image.digest).status();
}

TEST_P(Conformance, ListsContentAsItTellsOfEachBlob) {
  const OfferedImage image = Pulled("app");
  const OfferedImage other = Pulled("other");
  const image::Digest config = *image::Digest::Parse(image.id);
  const image::Digest none = image::Digest::OfBytes("none");
  const auto listing = containerd().ListContent({image.digest, config, none}, 1 << 18, {});
  ASSERT_TRUE(listing.ok()) << listing.status();
  for (const image::Digest& digest : {image.digest, config}) {
    const auto info = containerd().Info(digest, {});
    ASSERT_TRUE(info.ok() && info->has_value()) << info.status();
    EXPECT_TRUE(listing->Has(digest));
    ASSERT_NE(listing->LabelsOf(digest), nullptr);
    EXPECT_EQ(*listing->LabelsOf(digest), (*info)->labels);
  }
  EXPECT_TRUE(listing->Has(other.digest));
  EXPECT_EQ(listing->LabelsOf(other.digest), nullptr) << "its labels were not wanted";
  EXPECT_FALSE(listing->Has(none));
  EXPECT_EQ(listing->LabelsOf(none), nullptr);
  EXPECT_GE(listing->size(), 4U);
  EXPECT_TRUE(absl::IsResourceExhausted(containerd().ListContent({}, listing->size() - 1, {}).status()));
}

TEST_P(Conformance, TellsMissingContentFromAnError) {
  const image::Digest none = image::Digest::OfBytes("none");
  const auto info = containerd().Info(none, {});
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(*info, std::nullopt);
  EXPECT_TRUE(absl::IsNotFound(containerd().Read(none, 10, {}).status()));
}

TEST_P(Conformance, CreatesALeaseOnce) {
  const std::string id = "tagdrift-conformance-once";
  const Lease lease{id, {{"tagdrift.io/conformance", Own("once")}}, absl::FromUnixSeconds(4'000'000'000)};
  std::vector<std::future<absl::Status>> racers;
  for (int i = 0; i < 8; ++i) {
    racers.push_back(std::async(std::launch::async, [&] { return actions().CreateLease(lease, {}); }));
  }
  int created = 0;
  for (auto& racer : racers) {
    const absl::Status status = racer.get();
    created += status.ok() ? 1 : 0;
    EXPECT_TRUE(status.ok() || absl::IsAlreadyExists(status)) << status;
  }
  EXPECT_EQ(created, 1);
  EXPECT_TRUE(actions().DeleteLease(id, {}).ok());
  EXPECT_TRUE(actions().CreateLease(lease, {}).ok());
  EXPECT_TRUE(actions().DeleteLease(id, {}).ok());
  EXPECT_TRUE(actions().DeleteLease(id, {}).ok()) << "what is gone is fine";
}

TEST_P(Conformance, FindsLeasesByLabel) {
  const std::string label = "tagdrift.io/conformance";
  const absl::Time expires = absl::FromUnixSeconds(4'000'000'000);
  const std::string value = Own("r.io:5000/app:v1");
  ASSERT_TRUE(actions().CreateLease({"tagdrift-a", {{label, value}, {"more", "x"}}, expires}, {}).ok());
  ASSERT_TRUE(actions().CreateLease({"tagdrift-b", {{label, value}}, expires}, {}).ok());
  ASSERT_TRUE(actions().CreateLease({"tagdrift-c", {{label, value + "2"}}, expires}, {}).ok());
  const auto found = actions().LeasesLabelled(label, value, {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(IdsOf(*found), testing::UnorderedElementsAre("tagdrift-a", "tagdrift-b"));
  for (const Lease& lease : *found) {
    EXPECT_EQ(lease.expires, expires);
    EXPECT_THAT(lease.labels, Contains(testing::Pair(label, value)));
  }
  EXPECT_THAT(*actions().LeasesLabelled(label, Own("none"), {}), IsEmpty());
  for (const char* id : {"tagdrift-a", "tagdrift-b", "tagdrift-c"}) EXPECT_TRUE(actions().DeleteLease(id, {}).ok());
  EXPECT_THAT(*actions().LeasesLabelled(label, value, {}), IsEmpty());
}

TEST_P(Conformance, HoldsContentByALeaseThatExists) {
  const OfferedImage image = Pulled("app");
  const Lease lease{"tagdrift-conformance-hold", {}, absl::FromUnixSeconds(4'000'000'000)};
  EXPECT_TRUE(absl::IsNotFound(actions().HoldContent(lease.id, image.digest, {})));
  ASSERT_TRUE(actions().CreateLease(lease, {}).ok());
  EXPECT_TRUE(actions().HoldContent(lease.id, image.digest, {}).ok());
  EXPECT_TRUE(actions().DeleteLease(lease.id, {}).ok());
  EXPECT_TRUE(actions().CollectGarbage({}).ok());
  EXPECT_TRUE(actions().Ingests({}).ok());
}

TEST_P(Conformance, ShowsEveryChangeInItsOrder) {
  const OfferedImage image = Pulled("app");
  const OfferedImage other = Pulled("other");
  const ImageRecord ours = RecordOf(image.Tag());
  const ImageRecord others = RecordOf(other.Tag());
  const auto watch = actions().WatchImages({});
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_THAT((*watch)->ChangesOf(image.Tag()), IsEmpty()) << "what was before the watch is not its matter";
  std::vector<ImageEvent::Kind> expected;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(actions().PointTo(image.Tag(), i % 2 == 0 ? others : ours, {}).ok());
    expected.push_back(ImageEvent::Kind::kUpdated);
  }
  ASSERT_TRUE(actions().DeleteName(image.Tag(), image.digest, {}).ok());
  expected.push_back(ImageEvent::Kind::kDeleted);
  ASSERT_TRUE((*watch)->CatchUp({}).ok());
  EXPECT_EQ(KindsOf((*watch)->ChangesOf(image.Tag())), expected);
  EXPECT_THAT((*watch)->ChangesOf(other.Tag()), IsEmpty());

  ASSERT_TRUE(clients().cri_actions->PullImage(image.Tag(), std::nullopt, EndingIn(kPatience)).ok());
  ASSERT_TRUE((*watch)->CatchUp({}).ok());
  const auto kinds = KindsOf((*watch)->ChangesOf(image.Tag()));
  ASSERT_GT(kinds.size(), expected.size());
  EXPECT_EQ(kinds[expected.size()], ImageEvent::Kind::kCreated);
}

TEST_P(Conformance, ShowsEachWatchTheSameChanges) {
  const OfferedImage image = Pulled("app");
  const ImageRecord record = RecordOf(image.Tag());
  const auto first = actions().WatchImages({});
  const auto second = actions().WatchImages({});
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(actions().PointTo(image.Tag(), record, {}).ok());
  for (const auto* watch : {&*first, &*second}) {
    ASSERT_TRUE((*watch)->CatchUp({}).ok());
    EXPECT_EQ(KindsOf((*watch)->ChangesOf(image.Tag())), std::vector{ImageEvent::Kind::kUpdated})
        << "also when the target stays the same";
  }
}

TEST_P(Conformance, EndsEveryCallAtOnceWhenItIsStopped) {
  for (const NamedCall& call : AllCalls()) {
    SCOPED_TRACE(call.name);
    node_->Freeze();
    std::stop_source stop;
    std::promise<void> begun;
    auto status = std::async(std::launch::async, [&] {
      begun.set_value();
      return call.run(clients(), {.stop = stop.get_token()});
    });
    begun.get_future().wait();
    stop.request_stop();
    EXPECT_EQ(status.wait_for(kSoon), std::future_status::ready);
    node_->Thaw();
    const absl::Status ended = status.get();
    EXPECT_TRUE(absl::IsCancelled(ended)) << ended;
    EXPECT_THAT(text::MessageOf(ended), EndsWith(": stopped"));
  }
  EXPECT_TRUE(actions().DeleteLease("tagdrift-test-none", {}).ok());
}

TEST_P(Conformance, EndsEveryCallAtItsDeadline) {
  for (const NamedCall& call : AllCalls()) {
    SCOPED_TRACE(call.name);
    node_->Freeze();
    const absl::Status ended = call.run(clients(), EndingIn(milliseconds(50)));
    node_->Thaw();
    EXPECT_TRUE(absl::IsDeadlineExceeded(ended)) << ended;
  }
  EXPECT_TRUE(actions().DeleteLease("tagdrift-test-none", {}).ok());
}

}  // namespace tagdrift::node
