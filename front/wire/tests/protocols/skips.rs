//! Every vector that does not run, with its reason: the only place where a case may be left out.

/// A case that a server cannot or need not pass.
pub struct Skip {
    pub file: &'static str,
    /// The case's id; `*` for a whole file.
    pub case: &'static str,
    pub reason: &'static str,
}

const EC2: &str = "the ec2 flavour of awsQuery is not served";
const COMPRESSED: &str = "the client compresses the body; content encodings are the matter of the gateway";
const WHOLE_QUERY: &str =
    "the client leaves out of the map what it sends by name; a server's map holds the whole query string";
const TOKEN: &str = "the client filled in the token that the parameters lack";
const SPELLING: &str = "another server's spelling of the error's type, which clients must read; haar has one";
const NULL: &str = "a null that clients must ignore; haar does not send them";
const TYPE_IN_UNION: &str = "a `__type` inside a union that clients must ignore; haar does not send it";
const OFFSET: &str = "an offset that clients must read; haar writes UTC";
const ENVELOPE: &str =
    "clients must do without a body; AWS's query services always answer their envelope, and so does haar";
const UNEXPECTED: &str = "clients must do with an unexpected body; haar does not send one";

pub const INPUTS: &[Skip] = &[
    Skip { file: "ec2", case: "*", reason: EC2 },
    Skip { file: "json", case: "SDKAppliedContentEncoding_awsJson1_1", reason: COMPRESSED },
    Skip { file: "json", case: "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1", reason: COMPRESSED },
    Skip { file: "json_1_0", case: "SDKAppliedContentEncoding_awsJson1_0", reason: COMPRESSED },
    Skip { file: "json_1_0", case: "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", reason: COMPRESSED },
    Skip { file: "query", case: "SDKAppliedContentEncoding_awsQuery", reason: COMPRESSED },
    Skip { file: "query", case: "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery", reason: COMPRESSED },
    Skip { file: "rest-json", case: "SDKAppliedContentEncoding_restJson1", reason: COMPRESSED },
    Skip { file: "rest-json", case: "SDKAppendedGzipAfterProvidedEncoding_restJson1", reason: COMPRESSED },
    Skip { file: "rest-xml", case: "SDKAppliedContentEncoding_restXml", reason: COMPRESSED },
    Skip { file: "rest-xml", case: "SDKAppendedGzipAfterProvidedEncoding_restXml", reason: COMPRESSED },
    Skip { file: "query", case: "QueryProtocolIdempotencyTokenAutoFill", reason: TOKEN },
    Skip { file: "rest-json", case: "RestJsonQueryIdempotencyTokenAutoFill", reason: TOKEN },
    Skip { file: "rest-xml", case: "QueryIdempotencyTokenAutoFill", reason: TOKEN },
    Skip { file: "query", case: "QueryEmptyQueryMaps", reason: "an empty map has no form on the wire" },
    Skip {
        file: "rest-json",
        case: "RestJsonHttpPrefixHeadersAreNotPresent",
        reason: "an empty map has no form on the wire",
    },
    Skip { file: "rest-xml", case: "HttpPrefixHeadersAreNotPresent", reason: "an empty map has no form on the wire" },
    Skip {
        file: "rest-json",
        case: "RestJsonOmitsEmptyListQueryValues",
        reason: "an empty list has no form in a query string",
    },
    Skip { file: "rest-json", case: "RestJsonHostWithPath", reason: "the path belongs to the client's own endpoint" },
    Skip {
        file: "rest-json",
        case: "RestJsonHttpWithEmptyStructurePayload",
        reason: "the client sends `{}` for a payload that is not there",
    },
    Skip {
        file: "rest-json",
        case: "RestJsonHttpWithHeadersButNoPayload",
        reason: "the client sends `{}` for a payload that is not there",
    },
    Skip { file: "rest-json", case: "RestJsonQueryParamsStringListMap", reason: WHOLE_QUERY },
    Skip { file: "rest-json", case: "RestJsonQueryPrecedence", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "AllQueryStringTypes", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "RestXmlQueryStringEscaping", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "RestXmlSupportsNaNFloatQueryValues", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "RestXmlSupportsInfinityFloatQueryValues", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "RestXmlSupportsNegativeInfinityFloatQueryValues", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "RestXmlZeroAndFalseQueryValues", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "RestXmlQueryParamsStringListMap", reason: WHOLE_QUERY },
    Skip { file: "rest-xml", case: "RestXmlQueryPrecedence", reason: WHOLE_QUERY },
];

pub const OUTPUTS: &[Skip] = &[
    Skip { file: "ec2", case: "*", reason: EC2 },
    Skip { file: "json", case: "AwsJson11DateTimeWithNegativeOffset", reason: OFFSET },
    Skip { file: "json", case: "AwsJson11DateTimeWithPositiveOffset", reason: OFFSET },
    Skip { file: "query", case: "AwsQueryDateTimeWithNegativeOffset", reason: OFFSET },
    Skip { file: "query", case: "AwsQueryDateTimeWithPositiveOffset", reason: OFFSET },
    Skip { file: "rest-json", case: "RestJsonDateTimeWithNegativeOffset", reason: OFFSET },
    Skip { file: "rest-json", case: "RestJsonDateTimeWithPositiveOffset", reason: OFFSET },
    Skip { file: "rest-xml", case: "RestXmlDateTimeWithNegativeOffset", reason: OFFSET },
    Skip { file: "rest-xml", case: "RestXmlDateTimeWithPositiveOffset", reason: OFFSET },
    Skip { file: "json", case: "AwsJson11FooErrorUsingXAmznErrorType", reason: SPELLING },
    Skip { file: "json", case: "AwsJson11FooErrorUsingXAmznErrorTypeWithUri", reason: SPELLING },
    Skip { file: "json", case: "AwsJson11FooErrorUsingXAmznErrorTypeWithUriAndNamespace", reason: SPELLING },
    Skip { file: "json", case: "AwsJson11FooErrorUsingCode", reason: SPELLING },
    Skip { file: "json", case: "AwsJson11FooErrorUsingCodeAndNamespace", reason: SPELLING },
    Skip { file: "json", case: "AwsJson11FooErrorUsingCodeUriAndNamespace", reason: SPELLING },
    Skip { file: "json", case: "AwsJson11FooErrorWithDunderTypeUriAndNamespace", reason: SPELLING },
    Skip { file: "json_1_0", case: "AwsJson10FooErrorUsingXAmznErrorType", reason: SPELLING },
    Skip { file: "json_1_0", case: "AwsJson10FooErrorUsingXAmznErrorTypeWithUri", reason: SPELLING },
    Skip { file: "json_1_0", case: "AwsJson10FooErrorUsingXAmznErrorTypeWithUriAndNamespace", reason: SPELLING },
    Skip { file: "json_1_0", case: "AwsJson10FooErrorUsingCode", reason: SPELLING },
    Skip { file: "json_1_0", case: "AwsJson10FooErrorUsingCodeAndNamespace", reason: SPELLING },
    Skip { file: "json_1_0", case: "AwsJson10FooErrorUsingCodeUriAndNamespace", reason: SPELLING },
    Skip { file: "json_1_0", case: "AwsJson10FooErrorWithDunderTypeUriAndNamespace", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorUsingXAmznErrorTypeWithUri", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorUsingXAmznErrorTypeWithUriAndNamespace", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorUsingCode", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorUsingCodeAndNamespace", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorUsingCodeUriAndNamespace", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorWithDunderType", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorWithDunderTypeAndNamespace", reason: SPELLING },
    Skip { file: "rest-json", case: "RestJsonFooErrorWithDunderTypeUriAndNamespace", reason: SPELLING },
    Skip { file: "json", case: "handles_unexpected_json_output", reason: UNEXPECTED },
    Skip { file: "json_1_0", case: "AwsJson10HandlesUnexpectedJsonOutput", reason: UNEXPECTED },
    Skip { file: "json", case: "AwsJson11IntEnums", reason: "the vector wants a header of the request in the answer" },
    Skip { file: "json", case: "AwsJson11DeserializeIgnoreType", reason: TYPE_IN_UNION },
    Skip { file: "json_1_0", case: "AwsJson10DeserializeIgnoreType", reason: TYPE_IN_UNION },
    Skip { file: "rest-json", case: "RestJsonDeserializeIgnoreType", reason: TYPE_IN_UNION },
    Skip { file: "json", case: "AwsJson11StructuresDontDeserializeNullValues", reason: NULL },
    Skip { file: "json_1_0", case: "AwsJson10DeserializeAllowNulls", reason: NULL },
    Skip { file: "rest-json", case: "RestJsonDeserializesDenseSetMapAndSkipsNull", reason: NULL },
    Skip { file: "rest-json", case: "RestJsonDoesntDeserializeNullStructureValues", reason: NULL },
    Skip { file: "smithy-rpc-v2-cbor", case: "RpcV2CborDeserializesDenseSetMapAndSkipsNull", reason: NULL },
    Skip { file: "smithy-rpc-v2-cbor", case: "RpcV2CborClientDoesntDeserializeNullStructureValues", reason: NULL },
    Skip { file: "query", case: "QueryEmptyInputAndEmptyOutput", reason: ENVELOPE },
    Skip { file: "query", case: "QueryNoInputAndNoOutput", reason: ENVELOPE },
    Skip { file: "query", case: "QueryNoInputAndOutput", reason: ENVELOPE },
    Skip { file: "rest-xml", case: "InvalidGreetingError", reason: "an element that the error's shape does not have" },
    Skip { file: "rest-xml", case: "ComplexError", reason: "a message that the error's shape does not have" },
    Skip {
        file: "rest-xml",
        case: "RestXmlHttpResponseCode",
        reason: "the vector wants a content type for an empty body",
    },
    Skip {
        file: "rest-xml",
        case: "IgnoreQueryParamsInResponse",
        reason: "the vector wants a content type for an empty body",
    },
    Skip {
        file: "smithy-rpc-v2-cbor",
        case: "NoOutputClientAllowsEmptyCbor",
        reason: "clients must do with an empty map where there is no output; haar sends none",
    },
    Skip {
        file: "smithy-rpc-v2-cbor",
        case: "NoOutputClientAllowsEmptyBody",
        reason: "clients must do with a content type for an empty body; haar sends none",
    },
    Skip {
        file: "smithy-rpc-v2-cbor",
        case: "RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients",
        reason: "members that the model does not have; haar does not send them",
    },
    Skip {
        file: "smithy-rpc-v2-cbor",
        case: "RpcV2CborPayloadWithUnsetUnion",
        reason: "HTTP bindings mean nothing to an RPC protocol: haar answers the empty map",
    },
];
