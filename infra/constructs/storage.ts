import { Duration, RemovalPolicy } from "aws-cdk-lib"
import { AttributeType, BillingMode, type ITable, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb"
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from "aws-cdk-lib/aws-s3"
import { Construct } from "constructs"
import { acknowledge } from "./acknowledge.ts"

/** Parts of an upload that was cut off are of no use to anybody. */
const UPLOAD_PARTS_KEPT = Duration.days(1)
/** The queue forgets a dead letter after 14 days; its record is kept for those who come later. */
const DEAD_RECORDS_KEPT = Duration.days(90)

export interface MillraceStorageProps {
  /**
   * The bucket for objects. It must be this deployment's alone.
   * @default - one is made: encrypted, closed to the public, TLS only
   */
  readonly bucket?: IBucket
  /**
   * The table of slots: text keys `pk` and `sk`, a stream of keys.
   * @default - one is made: on demand, with point-in-time recovery
   */
  readonly logTable?: ITable
  /**
   * The table of everything else: text keys `pk` and `sk`.
   * @default - one is made: on demand, with point-in-time recovery
   */
  readonly metaTable?: ITable
  /**
   * What becomes of bucket and tables that are made here when the stack goes. With `DESTROY` the bucket is emptied too;
   * with `RETAIN` tables are protected from being deleted by anybody.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy
}

/** All that a deployment knows: a bucket and two tables. */
export class MillraceStorage extends Construct {
  readonly bucket: IBucket
  readonly logTable: ITable
  readonly metaTable: ITable

  constructor(scope: Construct, id: string, props: MillraceStorageProps = {}) {
    super(scope, id)
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    this.bucket = props.bucket ?? this.#bucket(removalPolicy)
    this.logTable = props.logTable ?? this.#table("LogTable", removalPolicy, StreamViewType.KEYS_ONLY)
    this.metaTable = props.metaTable ?? this.#table("MetaTable", removalPolicy)
    if (this.logTable.tableStreamArn === undefined) {
      throw new Error(
        "logTable has no stream, expected one of keys: make it with stream: StreamViewType.KEYS_ONLY, or import it " +
          "with its tableStreamArn",
      )
    }
  }

  #bucket(removalPolicy: RemovalPolicy): Bucket {
    const bucket = new Bucket(this, "Bucket", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy,
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
      lifecycleRules: [
        { id: "upload-parts", abortIncompleteMultipartUploadAfter: UPLOAD_PARTS_KEPT },
        // Nothing else expires here: only the engine knows what is still named.
        { id: "dead-records", prefix: "dead/", expiration: DEAD_RECORDS_KEPT },
      ],
    })
    acknowledge(
      bucket,
      "S1",
      "Only this deployment's functions read and write the bucket; server access logs would cost more requests than " +
        "the data. Who wants them brings a bucket that has them.",
    )
    return bucket
  }

  #table(id: string, removalPolicy: RemovalPolicy, stream?: StreamViewType): Table {
    return new Table(this, id, {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // A protected table would end the rollback of a first deployment half-way. Of one that is deleted by hand
      // DynamoDB keeps a backup for 35 days, as it does of all that have point-in-time recovery.
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
      ...(stream === undefined ? {} : { stream }),
    })
  }
}
