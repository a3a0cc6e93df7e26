-- stddev
-- engine: duckdb

SELECT round(stddev_samp(riders), 6), round(var_pop(riders), 6) FROM trips

-- rows of all
-- [1.398187,1.952754]
-- rows of newest
-- [1.395776,1.944595]
