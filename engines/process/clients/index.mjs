// haar's interface client for Node.js functions: loads the handler, asks the Lambda Runtime API for events, answers.
// Runs on Node's own modules alone.

import { existsSync, readFileSync, writeSync } from "node:fs";
import { request, Agent } from "node:http";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const jsonLogs = (process.env.AWS_LAMBDA_LOG_FORMAT ?? "").toUpperCase() === "JSON";
const STREAMED = Symbol.for("aws.lambda.runtime.handler.streaming");
let requestId;

// --- logs ---------------------------------------------------------------------------------------------------------

/** One log event, however many lines it has. */
function writeMessage(text) {
  const body = Buffer.from(text, "utf8");
  let left = Buffer.concat([Buffer.from(`\x1e${body.length.toString(16).padStart(8, "0")}`), body]);
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      // A full pipe: the reader catches up.
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function errorForLog(error) {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, ...rest } = error;
  const lines = (error.stack ?? "").split("\n");
  return { errorType: errorType(error), errorMessage: error.message, ...rest, stack: lines };
}

function log(level, ...values) {
  const timestamp = new Date().toISOString();
  if (!jsonLogs) {
    writeMessage(`${timestamp}\t${requestId}\t${level}\t${format(...values)}`);
    return;
  }
  const entry = { timestamp, level, requestId };
  const [first] = values;
  if (values.length === 1 && first !== null && typeof first === "object" && !(first instanceof Error)) {
    entry.message = first;
  } else {
    entry.message = format(...values);
  }
  const error = values.find((value) => value instanceof Error);
  if (error) {
    entry.errorType = errorType(error);
    entry.errorMessage = error.message;
    entry.stackTrace = (error.stack ?? "").split("\n").slice(1);
  }
  let text;
  try {
    text = JSON.stringify(entry);
  } catch {
    text = JSON.stringify({ ...entry, message: format(...values) });
  }
  writeMessage(text);
}

const RANKS = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5 };
const lowest = jsonLogs ? (RANKS[(process.env.AWS_LAMBDA_LOG_LEVEL ?? "INFO").toUpperCase()] ?? 2) : 0;
for (const [name, level] of [
  ["log", "INFO"],
  ["info", "INFO"],
  ["debug", "DEBUG"],
  ["warn", "WARN"],
  ["error", "ERROR"],
  ["trace", "TRACE"],
  ["fatal", "FATAL"],
]) {
  console[name] = RANKS[level] < lowest ? () => {} : (...values) => log(level, ...values);
}

// --- errors -------------------------------------------------------------------------------------------------------

class Fault extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

function errorType(error) {
  return error?.name || error?.constructor?.name || typeof error;
}

function describe(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  const trace = (error.stack ?? `${error}`).split("\n");
  return { errorType: errorType(error), errorMessage: error.message, trace };
}

function logError(title, error) {
  const shown = errorForLog(error);
  if (jsonLogs) {
    log("ERROR", error);
  } else {
    let text;
    try {
      text = JSON.stringify(shown);
    } catch {
      text = format(error);
    }
    log("ERROR", `${title}\t${text}`);
  }
}

// --- the Runtime API ----------------------------------------------------------------------------------------------

function call(method, path, body = "", headers = {}) {
  return new Promise((done, fail) => {
    const options = { host, port, agent, method, path: `/2018-06-01/runtime${path}`, headers };
    const bytes = Buffer.from(body);
    options.headers["Content-Length"] = bytes.length;
    const sent = request(options, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("error", fail);
      answer.on("end", () => done({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
    });
    sent.setNoDelay(true);
    sent.on("error", fail);
    sent.end(bytes);
  });
}

function report(path, error) {
  const described = describe(error);
  // Only what may travel in a header.
  const type = described.errorType.replace(/[^\x20-\x7e]/g, "?");
  const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": type };
  return call("POST", path, JSON.stringify(described), headers);
}

// --- response streams ---------------------------------------------------------------------------------------------

function openStream(id) {
  const headers = {
    "Content-Type": "application/octet-stream",
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Transfer-Encoding": "chunked",
    Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
  };
  const path = `/2018-06-01/runtime/invocation/${id}/response`;
  let answered;
  const finished = new Promise((done, fail) => {
    answered = request({ host, port, agent, method: "POST", path, headers }, (answer) => {
      answer.resume();
      answer.on("end", done);
    });
    answered.on("error", fail);
  });
  answered.setContentType = (type) => answered.setHeader("Content-Type", type);
  return { stream: answered, finished };
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMED] = true;
    return handler;
  },
  HttpResponseStream: {
    /** Status and headers first, then eight zero bytes, then the body. */
    from(stream, prelude) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      stream.write(JSON.stringify(prelude));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

// --- the handler --------------------------------------------------------------------------------------------------

/** `folder/module.function.of.object`. */
async function loadHandler(task, name) {
  const parts = basename(name).match(/^([^.]*)\.(.+)$/);
  if (!parts || name.includes("..")) {
    throw new Fault("Runtime.MalformedHandlerName", name.includes("..") ? `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.` : "Bad handler");
  }
  const [, moduleName, path] = parts;
  const module = await loadModule(task, join(dirname(name), moduleName));
  let owner;
  let handler = module;
  for (const member of path.split(".")) {
    owner = handler;
    handler = handler?.[member] ?? (owner === module ? module.default?.[member] : undefined);
  }
  if (handler === undefined || handler === null) {
    throw new Fault("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  }
  if (typeof handler !== "function") {
    throw new Fault("Runtime.HandlerNotFound", `${name} is not a function`);
  }
  return handler;
}

async function loadModule(task, name) {
  const base = resolve(task, name);
  const file = ["", ".js", ".mjs", ".cjs"].map((ending) => base + ending).find((path) => extname(path) && existsSync(path));
  try {
    if (file && (file.endsWith(".mjs") || (file.endsWith(".js") && isModule(file, task)))) {
      return await import(pathToFileURL(file));
    }
    // Without a file of that name: a package of the code or of a layer, or the error that says so.
    return createRequire(join(task, "index.js"))(file ?? base);
  } catch (error) {
    if (error instanceof SyntaxError) throw renamed("Runtime.UserCodeSyntaxError", error);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      throw renamed("Runtime.ImportModuleError", error);
    }
    throw error;
  }
}

function renamed(type, error) {
  const fault = new Fault(type, `${error.name === "SyntaxError" ? "SyntaxError" : "Error"}: ${error.message}`);
  fault.stack = `${type}: ${fault.message}\n${(error.stack ?? "").split("\n").slice(1).join("\n")}`;
  return fault;
}

/** What the nearest package.json says of `.js` files. */
function isModule(file, task) {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      try {
        return JSON.parse(readFileSync(manifest, "utf8")).type === "module";
      } catch {
        return false;
      }
    }
    if (folder === task || folder === dirname(folder)) return false;
  }
}

// --- invocations --------------------------------------------------------------------------------------------------

function makeContext(headers, settle) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const parse = (text) => (text ? JSON.parse(text) : undefined);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    clientContext: parse(headers["lambda-runtime-client-context"]),
    identity: parse(headers["lambda-runtime-cognito-identity"]),
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    done: (error, value) => settle(error, value),
    succeed: (value) => settle(null, value),
    fail: (error) => settle(error ?? new Error("handled")),
  };
}

/** What the handler answers, by promise or by callback. */
function runHandler(handler, event, headers) {
  return new Promise((done, fail) => {
    let finish = null;
    const empty = () => (finish ?? (() => done(null)))();
    const settle = (error, value) => {
      if (finish) return;
      finish = () => {
        process.removeListener("beforeExit", empty);
        error === null || error === undefined ? done(value) : fail(error);
      };
      if (!context.callbackWaitsForEmptyEventLoop) finish();
    };
    const context = makeContext(headers, settle);
    // With a callback the answer goes out when nothing else is left to do.
    process.on("beforeExit", empty);
    const result = handler(event, context, settle);
    if (typeof result?.then === "function") {
      process.removeListener("beforeExit", empty);
      context.callbackWaitsForEmptyEventLoop = false;
      const unfinished = () => done(null);
      process.once("beforeExit", unfinished);
      result.then(done, fail).finally(() => process.removeListener("beforeExit", unfinished));
    }
  });
}

async function runStreamed(handler, event, headers, id) {
  const { stream, finished } = openStream(id);
  try {
    await handler(event, stream, makeContext(headers, () => {}));
  } catch (error) {
    logError("Invoke Error", error);
    const described = describe(error);
    stream.addTrailers({
      "Lambda-Runtime-Function-Error-Type": described.errorType,
      "Lambda-Runtime-Function-Error-Body": JSON.stringify(described),
    });
  }
  if (!stream.writableEnded) stream.end();
  await finished;
}

async function runOnce(handler) {
  const { headers, body, status } = await call("GET", "/invocation/next");
  if (status !== 200) process.exit(1);
  requestId = headers["lambda-runtime-aws-request-id"];
  const trace = headers["lambda-runtime-trace-id"];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  const id = requestId;
  if (handler[STREAMED]) {
    await runStreamed(handler, JSON.parse(body), headers, id);
    return;
  }
  let answer;
  try {
    const result = await runHandler(handler, JSON.parse(body), headers);
    try {
      answer = JSON.stringify(result === undefined ? null : result) ?? "null";
    } catch {
      throw new Error("Unable to stringify response body");
    }
  } catch (error) {
    logError("Invoke Error", error);
    await report(`/invocation/${id}/error`, error);
    return;
  }
  await call("POST", `/invocation/${id}/response`, answer, { "Content-Type": "application/json" });
}

async function giveUp(title, error, status) {
  logError(title, error);
  await report(requestId ? `/invocation/${requestId}/error` : "/init/error", error);
  process.exit(status);
}

process.on("uncaughtException", (error) => giveUp("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => {
  const error = new Fault("Runtime.UnhandledPromiseRejection", String(reason));
  error.reason = reason instanceof Error ? errorForLog(reason) : reason;
  giveUp("Unhandled Promise Rejection", error, 128);
});

async function main() {
  let handler;
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  } catch (error) {
    await giveUp("Uncaught Exception", error, 1);
  }
  for (;;) await runOnce(handler);
}

// Not awaited here: the end of all other work must reach `beforeExit`.
main();
