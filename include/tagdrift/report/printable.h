#pragma once

namespace google::protobuf {
class Message;
}

namespace tagdrift::report {

/// Makes every string of `message`, of what it holds and of its maps' keys printable (text::Printable): the one place
/// where text from files and networks enters what is published.
void MakePrintable(google::protobuf::Message& message);

}  // namespace tagdrift::report
