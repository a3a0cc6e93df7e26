// The Star Schema Benchmark's thirteen queries over one flat table: O'Neil, O'Neil, Chen, "Star Schema Benchmark", 2009.

const PROFIT = "sum(lo_revenue - lo_supplycost)"
const AMERICA = "c_region = 'AMERICA' AND s_region = 'AMERICA'"
const KINGDOM = "('UNITED KI1', 'UNITED KI5')"

/** The queries over columns that hold what the expressions come to. */
export function overComputedColumns(sql: string): string {
  return sql
    .replace("lo_extendedprice * lo_discount", "lo_disc_price")
    .replace("lo_revenue - lo_supplycost", "lo_profit")
}

export const queries: Readonly<Record<string, string>> = {
  "q1.1":
    "SELECT sum(lo_extendedprice * lo_discount) FROM lineorder WHERE d_year = 1993 AND lo_discount BETWEEN 1 AND 3 AND lo_quantity < 25",
  "q1.2":
    "SELECT sum(lo_extendedprice * lo_discount) FROM lineorder WHERE d_yearmonthnum = 199401 AND lo_discount BETWEEN 4 AND 6 AND lo_quantity BETWEEN 26 AND 35",
  "q1.3":
    "SELECT sum(lo_extendedprice * lo_discount) FROM lineorder WHERE d_weeknuminyear = 6 AND d_year = 1994 AND lo_discount BETWEEN 5 AND 7 AND lo_quantity BETWEEN 26 AND 35",
  "q2.1":
    "SELECT d_year, p_brand1, sum(lo_revenue) FROM lineorder WHERE p_category = 'MFGR#12' AND s_region = 'AMERICA' GROUP BY d_year, p_brand1 ORDER BY d_year, p_brand1 LIMIT 10000",
  "q2.2":
    "SELECT d_year, p_brand1, sum(lo_revenue) FROM lineorder WHERE p_brand1 BETWEEN 'MFGR#2221' AND 'MFGR#2228' AND s_region = 'ASIA' GROUP BY d_year, p_brand1 ORDER BY d_year, p_brand1 LIMIT 10000",
  "q2.3":
    "SELECT d_year, p_brand1, sum(lo_revenue) FROM lineorder WHERE p_brand1 = 'MFGR#2239' AND s_region = 'EUROPE' GROUP BY d_year, p_brand1 ORDER BY d_year, p_brand1 LIMIT 10000",
  "q3.1":
    "SELECT c_nation, s_nation, d_year, sum(lo_revenue) AS revenue FROM lineorder WHERE c_region = 'ASIA' AND s_region = 'ASIA' AND d_year BETWEEN 1992 AND 1997 GROUP BY c_nation, s_nation, d_year ORDER BY d_year, revenue DESC, c_nation, s_nation LIMIT 10000",
  "q3.2":
    "SELECT c_city, s_city, d_year, sum(lo_revenue) AS revenue FROM lineorder WHERE c_nation = 'UNITED STATES' AND s_nation = 'UNITED STATES' AND d_year BETWEEN 1992 AND 1997 GROUP BY c_city, s_city, d_year ORDER BY d_year, revenue DESC, c_city, s_city LIMIT 10000",
  "q3.3": `SELECT c_city, s_city, d_year, sum(lo_revenue) AS revenue FROM lineorder WHERE c_city IN ${KINGDOM} AND s_city IN ${KINGDOM} AND d_year BETWEEN 1992 AND 1997 GROUP BY c_city, s_city, d_year ORDER BY d_year, revenue DESC, c_city, s_city LIMIT 10000`,
  "q3.4": `SELECT c_city, s_city, d_year, sum(lo_revenue) AS revenue FROM lineorder WHERE c_city IN ${KINGDOM} AND s_city IN ${KINGDOM} AND d_yearmonth = 'Dec1997' GROUP BY c_city, s_city, d_year ORDER BY d_year, revenue DESC, c_city, s_city LIMIT 10000`,
  "q4.1": `SELECT d_year, c_nation, ${PROFIT} AS profit FROM lineorder WHERE ${AMERICA} AND p_mfgr IN ('MFGR#1', 'MFGR#2') GROUP BY d_year, c_nation ORDER BY d_year, c_nation LIMIT 10000`,
  "q4.2": `SELECT d_year, s_nation, p_category, ${PROFIT} AS profit FROM lineorder WHERE ${AMERICA} AND d_year IN (1997, 1998) AND p_mfgr IN ('MFGR#1', 'MFGR#2') GROUP BY d_year, s_nation, p_category ORDER BY d_year, s_nation, p_category LIMIT 10000`,
  "q4.3":
    "SELECT d_year, s_city, p_brand1, sum(lo_revenue - lo_supplycost) AS profit FROM lineorder WHERE c_region = 'AMERICA' AND s_nation = 'UNITED STATES' AND d_year IN (1997, 1998) AND p_category = 'MFGR#14' GROUP BY d_year, s_city, p_brand1 ORDER BY d_year, s_city, p_brand1 LIMIT 10000",
}
