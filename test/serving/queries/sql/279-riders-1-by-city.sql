-- riders 1 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 1 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",25,"465.32",29.9056]
-- ["Berlin",13,"160.81",16.5198]
-- ["Kyiv",15,"319.86",29.696]
-- ["Lima",18,"207.04",24.1286]
-- ["Oslo",17,"227.73",28.1226]
-- ["Paris",20,"296.84",24.9086]
-- ["Quito",18,"370.36",15.0368]
-- ["São Paulo",14,"378.48",27.9117]
-- ["Zürich",12,"174.28",21.7006]
-- [null,8,"106.8",1]
-- rows of newest
-- ["Accra",16,"333.1",15.2747]
-- ["Berlin",6,"59.64",16.5198]
-- ["Kyiv",6,"102.53",29.696]
-- ["Lima",11,"118.63",24.1286]
-- ["Oslo",7,"114.13",9.6134]
-- ["Paris",14,"236.35",24.9086]
-- ["Quito",12,"276.14",13.3545]
-- ["São Paulo",8,"241.06",27.9117]
-- ["Zürich",8,"107.89",2.5]
-- [null,6,"100.8",1]
