#include "serve/serialised_report.h"

#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

namespace tagdrift::serve {
namespace {

/// These are bytes that SerialisedReport has made.
void Merge(const grpc::Slice& bytes, v1::NodeReport& report) {
  google::protobuf::io::CodedInputStream in(bytes.begin(), static_cast<int>(bytes.size()));
  report.MergeFromCodedStream(&in);
}

}  // namespace

std::string FieldOf(int number, std::size_t bytes) {
  using google::protobuf::internal::WireFormatLite;
  std::string text;
  google::protobuf::io::StringOutputStream stream(&text);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.WriteTag(WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  out.WriteVarint64(bytes);
  out.Trim();
  return text;
}

grpc::Slice SliceOf(std::string bytes, std::shared_ptr<void> held) {
  using Held = std::pair<std::string, std::shared_ptr<void>>;
  auto* both = new Held(std::move(bytes), std::move(held));
  return {both->first.data(), both->first.size(), [](void* done) { delete static_cast<Held*>(done); }, both};
}

SerialisedReport::SerialisedReport(v1::NodeReport report, std::shared_ptr<void> room) : room_(std::move(room)) {
  std::string bytes;
  bytes.reserve(report.ByteSizeLong());
  google::protobuf::RepeatedPtrField<v1::TagReport> tags;
  tags.Swap(report.mutable_tags());
  report.AppendToString(&bytes);
  tags_.reserve(static_cast<std::size_t>(tags.size()) + 1);
  tags_.push_back(bytes.size());
  for (const v1::TagReport& tag : tags) {
    bytes += FieldOf(v1::NodeReport::kTagsFieldNumber, tag.ByteSizeLong());
    tag.AppendToString(&bytes);
    tags_.push_back(bytes.size());
  }
  bytes_ = SliceOf(std::move(bytes), room_);
  v1::NodeReport head;
  head.set_node(report.node());
  *head.mutable_checked_at() = report.checked_at();
  later_head_ = grpc::Slice(head.SerializeAsString());
}

std::vector<grpc::Slice> SerialisedReport::Part(int begin, int end) const {
  const std::size_t first = tags_[static_cast<std::size_t>(begin)];
  const std::size_t last = tags_[static_cast<std::size_t>(end)];
  return {begin == 0 ? bytes_.sub(0, first) : later_head_, bytes_.sub(first, last)};
}

v1::NodeReport SerialisedReport::Parse() const {
  v1::NodeReport report;
  Merge(bytes_, report);
  return report;
}

v1::NodeReport SerialisedReport::Parse(void (*trim)(v1::TagReport& tag)) const {
  v1::NodeReport report;
  Merge(bytes_.sub(0, tags_.front()), report);
  v1::NodeReport one;
  for (std::size_t i = 0; i + 1 < tags_.size(); ++i) {
    one.clear_tags();
    Merge(bytes_.sub(tags_[i], tags_[i + 1]), one);
    v1::TagReport& tag = *one.mutable_tags(0);
    trim(tag);
    *report.add_tags() = tag;
  }
  return report;
}

}  // namespace tagdrift::serve
