#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tagdrift/v1/actions.pb.h"
#include "tagdrift/v1/log.pb.h"
#include "tagdrift/v1/report.pb.h"

/// The report for people and programs.
namespace tagdrift::render {

enum class Format {
  kTable,  ///< the answer, a row per tag that needs action, and once for all alike why and what to do
  kWide,   ///< the same with more columns and every host's answer
  kJson,   ///< canonical proto3 JSON, one document
  kName,   ///< references only, one per line
};

struct Style {
  bool color = false;
  std::size_t width = 80;  ///< columns to wrap explanations at; rows are never cut, but leave out digests
  bool all = false;        ///< a row for every tag, also for those that need nothing
};

/// The whole output, with a final newline.
std::string Render(const v1::NodeReport& report, Format format, const Style& style);

/// One tag or pod in full, for people: the answer in at most 80 characters, why, the digests that are running, cached,
/// pulled next and the origin's, every host's answer, the walk in words, credentials, and what to do.
std::string Explain(const v1::NodeReport& report, const Style& style);

/// The hosts of each registry in containerd's order, with the findings. kName prints the registries.
std::string Render(const v1::MirrorsReport& report, Format format, const Style& style);

/// What is cached, without a judgement. kName prints the references.
std::string Render(const v1::ImageList& list, Format format, const Style& style);

/// One plan with what it changes, why, and what stands against it.
std::string Render(const v1::Plan& plan, const Style& style);
/// What became of a plan.
std::string Render(const v1::ActionResult& result, const Style& style);
std::string RenderJson(const v1::ActionReport& report);
/// "1.5 GiB".
std::string SizeText(std::int64_t bytes);

/// One line for standard error, with its end: "tagdrift: …", or JSON.
std::string LogLine(const v1::LogRecord& record, bool json);

/// Keeps the tags and containers that are STALE or GONE, and the tags of these containers; the summary still counts
/// all. Containers that are listed only go.
void KeepStale(v1::NodeReport& report);

}  // namespace tagdrift::render
