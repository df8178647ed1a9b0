#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <memory>

#include "formats.h"

namespace tagdrift::render {

namespace {

constexpr char kUrlPrefix[] = "type.googleapis.com";

/// Its maps in the order of their keys: equal messages are equal text.
std::string OrderedBytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

std::string Print(const google::protobuf::Message& message, bool whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.add_whitespace = whitespace;
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  const std::unique_ptr<google::protobuf::util::TypeResolver> resolver(
      google::protobuf::util::NewTypeResolverForDescriptorPool(kUrlPrefix, type.file()->pool()));
  std::string text;
  // A message built by this program always has a JSON form.
  const auto printed = google::protobuf::util::BinaryToJsonString(
      resolver.get(), std::string(kUrlPrefix) + "/" + type.full_name(), OrderedBytes(message), &text, options);
  return printed.ok() ? text : "{}\n";
}

}  // namespace

std::string Json(const google::protobuf::Message& report) { return Print(report, true); }

std::string JsonLine(const google::protobuf::Message& message) { return Print(message, false) + "\n"; }

}  // namespace tagdrift::render
