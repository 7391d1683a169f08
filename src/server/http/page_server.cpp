// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon.hpp"

#include <regctl/base/error.hpp>
#include <regctl/server/http/page_server.hpp>

#include <utility>

namespace regctl::server {

namespace {

Response plain(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
  response.text = std::move(text);
  return response;
}

class Page final : public Application {
public:
  Page(std::string path, std::function<std::string()> text)
      : path_(std::move(path)), text_(std::move(text)) {}

  std::unique_ptr<Handler> begin(const Request& request) override {
    class Answer final : public Handler {
    public:
      Answer(const Page& page, const Request& request) : page_(page), request_(request) {}
      Response answer() override {
        const bool is_read = request_.method == "GET" || request_.method == "HEAD";
        if (request_.path != page_.path_) {
          return plain(404, "there is only " + page_.path_ + "\n");
        }
        return is_read ? plain(200, page_.text_()) : plain(405, "it can only be read\n");
      }

    private:
      const Page& page_;
      const Request& request_;
    };
    return std::make_unique<Answer>(*this, request);
  }

  Response explain(const Request&, const Error& error) noexcept override {
    return plain(500, error.message());
  }
  void done(const Request&, int, std::uint64_t, std::uint64_t, double) noexcept override {}

private:
  std::string path_;
  std::function<std::string()> text_;
};

} // namespace

class PageServer::Impl {
public:
  Impl(const std::string& address, std::string path, std::function<std::string()> text)
      : page_(std::move(path), std::move(text)), listener_(listen_on(address)),
        daemon_(page_, listener_, {}) {}

  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }

private:
  Page page_;
  FileDescriptor listener_;
  Daemon daemon_;
};

PageServer::PageServer(const std::string& address, std::string path,
                       std::function<std::string()> text)
    : impl_(std::make_unique<Impl>(address, std::move(path), std::move(text))) {}

PageServer::~PageServer() = default;

std::uint16_t PageServer::port() const {
  return impl_->port();
}

} // namespace regctl::server
