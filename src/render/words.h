#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/v1/report.pb.h"

/// The small words that tables and paragraphs are made of.
namespace tagdrift::render {

/// The name of an enum's value without its type's prefix: "STALE" of "VERDICT_STALE".
std::string Word(const std::string& name, std::string_view prefix);

/// The first 12 digits of a digest or image id; "-" for none.
std::string ShortDigest(const std::string& digest);

/// For reading: the digests of `text` cut to 12 digits. What is there to be pasted keeps them whole.
std::string Shortened(const std::string& text);

/// "1 tag", "3 tags".
std::string Counted(std::size_t count, std::string_view noun);

/// "a, b, c and 22 more": at most `most` are named.
std::string ListText(const std::vector<std::string>& items, std::size_t most);

/// "shop/web-0"; empty for a container that is of no pod.
std::string PodText(const v1::Pod& pod);

/// "shop/web-0 app", or "app" for one that is of no pod.
std::string ContainerText(const v1::Pod& pod, const std::string& container);

/// What a pull or a start would bring, in a table: "fresh", "?" for what is not known, "-" where nothing is said.
std::string OutcomeCell(v1::Outcome outcome);

/// A length of time in its largest unit: "3 d", "5 h", "12 min", "40 s".
std::string SpanText(std::int64_t seconds);

/// "2026-11-26 14:03:20Z".
std::string TimeText(const google::protobuf::Timestamp& time);

}  // namespace tagdrift::render
