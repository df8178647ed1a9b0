#include "tagdrift/report/printable.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "tagdrift/text/printable.h"

namespace tagdrift::report {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void MakeTextPrintable(Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  if (!field->is_repeated()) {
    const std::string& given = reflection.GetStringReference(message, field, &scratch);
    if (!text::IsPrintable(given)) reflection.SetString(&message, field, text::Printable(given));
    return;
  }
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    const std::string& given = reflection.GetRepeatedStringReference(message, field, i, &scratch);
    if (!text::IsPrintable(given)) reflection.SetRepeatedString(&message, field, i, text::Printable(given));
  }
}

}  // namespace

void MakePrintable(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      MakeTextPrintable(message, field);
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      MakePrintable(*reflection.MutableMessage(&message, field));
    } else {
      // Entries of a map are messages of a key and a value.
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        MakePrintable(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

}  // namespace tagdrift::report
