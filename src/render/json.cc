#include <google/protobuf/util/json_util.h>

#include "formats.h"

namespace tagdrift::render {

namespace {

std::string Print(const google::protobuf::Message& message, bool whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.add_whitespace = whitespace;
  std::string text;
  // A message built by this program always has a JSON form.
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return "{}\n";
  return text;
}

}  // namespace

std::string Json(const google::protobuf::Message& report) { return Print(report, true); }

std::string JsonLine(const google::protobuf::Message& message) { return Print(message, false) + "\n"; }

}  // namespace tagdrift::render
