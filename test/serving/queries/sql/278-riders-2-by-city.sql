-- riders 2 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 2 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",17,"349.51",25.9928]
-- ["Berlin",19,"416.13",24.2144]
-- ["Kyiv",22,"312.67",28.6538]
-- ["Lima",20,"420.18",19.2154]
-- ["Oslo",23,"390.57",29.8437]
-- ["Paris",21,"405.41",13.6273]
-- ["Quito",19,"278.35",7.879]
-- ["São Paulo",14,"333.48",24.0006]
-- ["Zürich",13,"412.9",2.5]
-- [null,10,"217.11",15.877]
-- rows of newest
-- ["Accra",11,"286.51",25.4203]
-- ["Berlin",10,"306.73",24.2144]
-- ["Kyiv",9,"122",2.5]
-- ["Lima",13,"257.68",19.2154]
-- ["Oslo",16,"343.79",29.8437]
-- ["Paris",13,"277.42",7.8848]
-- ["Quito",11,"176.7",7.879]
-- ["São Paulo",8,"238.45",15.9835]
-- ["Zürich",7,"107.67",2.5]
-- [null,4,"113.8",15.877]
