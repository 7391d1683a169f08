// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/xml.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/message.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

/// What S3, or another service of Amazon's, says of a request that it did not do.
struct Refusal {
  int status = 0;
  std::string code;     ///< "NoSuchKey"; empty where there is no XML (HEAD, proxies)
  std::string message;  ///< for people; may be empty
  std::string region;   ///< the right one, where the request came for another one
  std::string leads_to; ///< origin of the URL that a redirect names; else empty
};

/// Reads the body of an answer of 300 and above.
Refusal read_refusal(http::Response& response);

/// Drops an answer to a request whose object or upload need not be there. Throws if it is the
/// bucket, `bucket`, that is not there.
void forgive_missing(http::Response& response, const std::string& bucket);

/// The error for a request about `what` ("s3://bucket/key"). A status of success, behind which S3
/// may tell of an error that it met after it had begun to answer, is as good as 500.
Error error_of(const Refusal& refusal, const std::string& what);

/// An error of the connection, which names a host alone, with the bucket that was asked.
Error in_bucket(Error error, const std::string& bucket);

/// Reads a document whose root element is to be `root`, and calls `on_element` with the elements
/// below it, by the path from there ("Contents/Key"). Returns the error that the server tells
/// instead. Throws Error{protocol} for any other document: taken for an empty listing, the page of
/// a proxy would be mistaken for an empty bucket.
std::optional<Error> read_answer(http::Response& response, std::string_view root,
                                 const std::string& what, const OnElement& on_element);

} // namespace regctl::objects
