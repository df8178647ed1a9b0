#include <google/protobuf/util/json_util.h>

#include "formats.h"

namespace tagdrift::render {

std::string Json(const google::protobuf::Message& report) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.add_whitespace = true;
  std::string text;
  // A message built by this program always has a JSON form.
  if (!google::protobuf::util::MessageToJsonString(report, &text, options).ok()) return "{}\n";
  return text;
}

}  // namespace tagdrift::render
