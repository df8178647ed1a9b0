#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "explain.h"
#include "formats.h"
#include "words.h"

namespace tagdrift::render {
namespace {

/// One of the digests with what it stands for.
struct Line {
  const char* name;
  std::string digest;
  std::string image_id;
  const v1::ImageContent* image = nullptr;
  std::string more = {};  ///< where it is from
};

std::string Kind(const Line& line) {
  if (line.digest.empty()) return line.image_id.empty() ? "-" : "image id";
  if (line.image == nullptr || line.image->media_type().empty()) return "-";
  const std::string& type = line.image->media_type();
  if (type.find("index") != std::string::npos || type.find("manifest.list") != std::string::npos) return "index";
  return type.find("manifest") != std::string::npos ? "manifest" : "other";
}

/// "built 2024-01-10 09:00:00Z, 31 d before the origin's".
std::string Built(const Line& line, const v1::ImageContent* origin) {
  if (line.image == nullptr || !line.image->has_created()) return "";
  std::string text = "built " + TimeText(line.image->created());
  if (origin == nullptr || !origin->has_created()) return text;
  const std::int64_t before = origin->created().seconds() - line.image->created().seconds();
  if (before == 0) return text;
  return text +
         fmt::format(", {} {} the origin's", SpanText(before > 0 ? before : -before), before > 0 ? "before" : "after");
}

std::string Text(const Line& line, const v1::ImageContent* origin, std::size_t width) {
  const std::string built = Built(line, origin);
  const std::string more = built.empty() || line.more.empty() ? built + line.more : built + ", " + line.more;
  return Wrap(fmt::format("  {:<9}  {:<12}  {:<8}  {:<12}{}", line.name, ShortDigest(line.digest), Kind(line),
                          ShortDigest(line.image_id), more.empty() ? "" : "  "),
              more, width);
}

/// A line per image that containers of the tag run.
std::vector<Line> Running(const Explained& explained) {
  const v1::TagReport& tag = explained.tag;
  std::map<std::string, std::size_t> by_id;
  for (const v1::ContainerReport* container : explained.containers) {
    if (container->decides()) ++by_id[container->running_image_id()];
  }
  std::vector<Line> lines;
  for (const auto& [id, count] : by_id) {
    const auto image = std::ranges::find(tag.images(), id, &v1::ImageContent::image_id);
    lines.push_back({.name = lines.empty() ? "running" : "",
                     .digest = "",
                     .image_id = id,
                     .image = id.empty() || image == tag.images().end() ? nullptr : &*image,
                     .more = "in " + Counted(count, "container")});
  }
  if (!lines.empty()) return lines;
  const std::string unknown = tag.used_by().empty()
                                  ? "no container uses it"
                                  : Counted(static_cast<std::size_t>(tag.used_by_size()), "container");
  return {{.name = "running", .digest = "", .image_id = "", .more = unknown}};
}

std::string From(const std::string& url) { return url.empty() ? "" : fmt::format("from {}", HostOf(url)); }

std::string IdOf(const v1::ImageContent* image) { return image == nullptr ? "" : image->image_id(); }

Line Cached(const v1::TagReport& tag) {
  Line line{.name = "cached", .digest = tag.cached_digest(), .image_id = tag.image_id()};
  line.image = ImageOf(tag, tag.cached_digest());
  if (tag.not_cached()) line.more = "not on this node";
  if (tag.has_cached_since()) line.more = "here since " + TimeText(tag.cached_since());
  return line;
}

}  // namespace

const v1::ImageContent* ImageOf(const v1::TagReport& tag, const std::string& digest) {
  const auto found = std::ranges::find(tag.images(), digest, &v1::ImageContent::digest);
  return digest.empty() || found == tag.images().end() ? nullptr : &*found;
}

std::string DigestsText(const Explained& explained, std::size_t width) {
  const v1::TagReport& tag = explained.tag;
  const v1::ImageContent* origin = ImageOf(tag, tag.origin_digest());
  std::string text = "\nDigests:     DIGEST        KIND      IMAGE ID\n";
  for (const Line& line : Running(explained)) text += Text(line, origin, width);
  text += Text(Cached(tag), origin, width);
  if (tag.verdict() == v1::VERDICT_IMMUTABLE) return text;
  const v1::NextPull& pull = tag.next_pull();
  const v1::ImageContent* pulled = ImageOf(tag, pull.digest());
  std::string from = From(pull.host());
  if (pull.digest().empty()) from = pull.outcome() == v1::OUTCOME_FAILS ? "fails" : "not known";
  text += Text({.name = "next pull",
                .digest = pull.digest(),
                .image_id = IdOf(pulled),
                .image = pulled,
                .more = std::move(from)},
               origin, width);
  return text + Text({.name = "origin",
                      .digest = tag.origin_digest(),
                      .image_id = IdOf(origin),
                      .image = origin,
                      .more = From(tag.origin().url())},
                     origin, width);
}

}  // namespace tagdrift::render
